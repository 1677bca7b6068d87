"""``agent_cli artifacts``"""

from __future__ import annotations

import os
from typing import Any

import click

from agent_hub.cli import completions
from agent_hub.cli.answers import AS_JSON, age, answer, plain, table
from agent_hub.cli.chat import chat_of
from agent_hub.cli.options import SERVER, at, options


@click.command("artifacts")
@click.argument("chat", shell_complete=completions.chats)
@click.argument("names", metavar="[NAME…]", nargs=-1)
@click.option(
    "--save", metavar="FOLDER", shell_complete=completions.folders, help="Save them there, each under its name."
)
@click.option("--force", is_flag=True, help="Replace what is there under such a name.")
@options(AS_JSON, SERVER)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    chat: str,
    names: tuple[str, ...],
    save: str | None,
    force: bool,
    as_json: bool,
    **server: Any,
) -> None:
    """List the files that a chat has published, or save them; with names, those alone."""
    from agent_hub.errors import NotFound
    from agent_hub.models import Artifact as Data
    from agent_hub.notebook.artifacts import Artifact
    from agent_hub.notebook.display import size
    from agent_hub.notebook.transport import part
    from agent_hub.suggestions import instead_of

    hub, found = chat_of(ctx, chat)
    there = hub.read_all(f"chats/{part(found.id)}/artifacts", Data)
    for name in names:
        if not any(artifact.name == name for artifact in there):
            others = instead_of(name, [artifact.name for artifact in there])
            raise NotFound(f"{found.name!r} has published no {name!r}.", others or "It has published nothing yet.")
    wanted = [artifact for artifact in there if not names or artifact.name in names]
    if save is None:
        if as_json:
            answer(wanted)
            return
        table(
            ("NAME", "VERSION", "SIZE", "TYPE", "PUBLISHED"),
            [(one.name, str(one.version), size(one.size), one.media_type, age(one.created_at)) for one in wanted],
            f"{found.name!r} has published nothing yet.",
        )
        return
    folder = at(save)
    targets = {one.id: folder / Artifact(hub, one)._file_name for one in wanted}
    taken = [str(target) for target in targets.values() if os.path.lexists(target)]
    if taken and not force:
        raise click.UsageError(f"There is a file already: {', '.join(taken)}. Choose another folder, or --force.")
    folder.mkdir(parents=True, exist_ok=True)
    for one in wanted:
        Artifact(hub, one).save(targets[one.id])
        if not as_json:
            click.echo(targets[one.id])
    if as_json:
        answer([{**plain(one), "saved": str(targets[one.id].absolute())} for one in wanted])

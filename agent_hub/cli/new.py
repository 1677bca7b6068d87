"""``agent_cli new``"""

from __future__ import annotations

from typing import Any

import click

from agent_hub.cli import completions
from agent_hub.cli.answers import AS_JSON, answer
from agent_hub.cli.options import ARGUMENTS, CHAT, PROJECT, SERVER, ForTheAgent, Wanted, options


@click.command("new", cls=ForTheAgent)
@click.argument("project", metavar="PROJECT", shell_complete=completions.projects)
@click.argument("prompt", metavar="[PROMPT]", default="")
@options(CHAT, PROJECT, AS_JSON, SERVER)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    project: str,
    prompt: str,
    as_json: bool,
    url: str | None,
    token: str | None,
    data_dir: str | None,
    **given: Any,
) -> None:
    """Start a chat, and leave it to its agent.

    PROJECT is a project of the hub, by name or id, or a folder or a URL as for --project. PROMPT is what the agent is
    told first; `-` reads it from standard input. What stands after `--` is for the agent's own program.
    """
    from agent_hub.cli.project import Projects, Source, known
    from agent_hub.cli.prompt import read_prompt
    from agent_hub.cli.servers import asked
    from agent_hub.models import Chat

    wanted = Wanted(arguments=ctx.meta[ARGUMENTS], **given)
    wanted.check()
    hub = asked(ctx)
    prompt = read_prompt(prompt)
    found = known(hub, project)
    if found is None:
        source = Source(project)
        source.warn()
        found = Projects(hub, source, wanted).ready()
    elif wanted.of_the_project:
        raise click.UsageError(
            f"{', '.join(wanted.of_the_project)}: {project!r} is a project that is set up already. "
            "Give its folder or its URL, or leave them out."
        )
    chat = hub.create("chats", Chat, wanted.chat(found.id, prompt))
    if as_json:
        answer(chat)
    else:
        click.echo(chat.id)

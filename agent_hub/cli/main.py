"""``agent_cli``: its options and its commands.

Nothing that takes long to import is imported here: a person waits for ``--help``, and a shell for each completion.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from agent_hub.cli.options import CHAT, PROJECT, SERVER, Wanted, Where, options
from agent_hub.cli.say import tell, with_its_own_code
from agent_hub.errors import AgentHubError

COMMANDS: dict[str, str] = {}
"""Each is in a module of this package of its name."""

FAILED = 1


class Lazily(click.Group):
    """A group whose commands are imported once they are called, and that passes on what stands after ``--``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of this file."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"agent_hub.cli.{COMMANDS[cmd_name]}"), "command")  # noqa: B009
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        if SUMMARIES:
            with formatter.section("Commands"):
                formatter.write_dl(list(SUMMARIES.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what stands after ``--``: for a command's own parser, else for the agent."""
        own, after = (args[: args.index("--")], args[args.index("--") + 1 :]) if "--" in args else (args, [])
        rest = super().parse_args(ctx, own)
        if rest:
            if own != args:
                ctx.args = [*ctx.args, "--", *after]
        else:
            ctx.meta["agent_hub.arguments"] = tuple(after)
        return rest


SUMMARIES: dict[str, str] = {}


@click.group(cls=Lazily, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--project", metavar="PATH", help="A folder of a Git repository, or a Git URL.")
@click.option(
    "--resume",
    metavar="[CHAT]",
    is_flag=False,
    flag_value="",
    help="Go on with the project's last chat, or with the one of that id or name.",
)
@options(CHAT, PROJECT, SERVER)
@click.version_option(package_name="agent-hub")
@click.pass_context
def agent_cli(
    ctx: click.Context,
    /,
    project: str | None,
    resume: str | None,
    url: str | None,
    token: str | None,
    data_dir: str | None,
    **given: Any,
) -> None:
    """A coding agent in an isolated container, in this terminal.

    `agent_cli --project PATH` starts one on a repository, and ends with its exit code. What stands after `--` is for
    the agent's own program. The commands work with a hub that runs.
    """
    where = Where(url, token, data_dir)
    if ctx.invoked_subcommand is not None:
        if project is not None:
            raise click.UsageError(f"--project starts a chat by itself: leave out it, or {ctx.invoked_subcommand!r}.")
        ctx.obj = where
        return
    if project is None:
        raise click.UsageError("Say which project, --project PATH, or give a command: --help lists them.")
    arguments = ctx.meta.get("agent_hub.arguments", ())
    if resume is not None and arguments:
        raise click.UsageError("What stands after -- is for a new chat: leave it out, or --resume.")
    from agent_hub.cli.run import run

    with_its_own_code(ctx, lambda: run(project, Wanted(arguments=arguments, **given), resume, where))


def main() -> None:
    """Run the command; every error is told in words, with what to do about it."""
    try:
        agent_cli(prog_name="agent_cli")
    except AgentHubError as error:
        tell(error)
        raise SystemExit(FAILED) from None

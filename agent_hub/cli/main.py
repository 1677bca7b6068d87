"""``agent_cli``: its options and its commands.

Nothing that takes long to import is imported here: a person waits for ``--help``, and a shell for each completion.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from agent_hub.cli import completions
from agent_hub.cli.options import ARGUMENTS, CHAT, PROJECT, SERVER, Wanted, Where, for_the_agent, options
from agent_hub.cli.say import tell, tell_of_system, with_its_own_code
from agent_hub.errors import AgentHubError

COMMANDS = {
    "ls": "List projects and chats, with their states.",
    "new": "Start a chat, and leave it to its agent.",
    "attach": "Show a chat's terminal here.",
    "send": "Give a chat's agent a prompt.",
    "logs": "Print what a chat's agent did and said.",
    "artifacts": "List or save the files that a chat has published.",
    "stop": "Stop chats.",
    "completion": "Print what makes a shell complete commands and chats.",
}
"""Each is in a module of this package of its name; what it does is said here too, so that none is imported for it."""

FAILED, INTERRUPTED = 1, 130

COMPLETE = "_AGENT_CLI_COMPLETE"
"""The variable by which a shell asks what a line may go on with."""


class Lazily(click.Group):
    """A group whose commands are imported once they are called, and that passes on what stands after ``--``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are told of."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"agent_hub.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        with formatter.section("Commands, for a hub that runs"):
            formatter.write_dl(list(COMMANDS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what stands after ``--``: for a command's own parser, else for the agent."""
        own, after = for_the_agent(args)
        rest = super().parse_args(ctx, own)
        if not rest:
            ctx.meta[ARGUMENTS] = after
        elif own is not args:
            ctx.args = [*ctx.args, "--", *after]
        return rest


@click.group(cls=Lazily, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project", metavar="PATH", shell_complete=completions.folders, help="A folder of a Git repository, or a Git URL."
)
@click.option(
    "--resume",
    metavar="[CHAT]",
    is_flag=False,
    flag_value="",
    shell_complete=completions.chats,
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
            raise click.UsageError(f"--project is a command by itself: leave out it, or {ctx.invoked_subcommand!r}.")
        if any(value not in (None, ()) for value in (resume, *given.values())):
            raise click.UsageError(f"What is meant for {ctx.invoked_subcommand!r} stands after it.")
        return
    if project is None:
        raise click.UsageError("Say which project, --project PATH, or give a command: --help lists them.")
    arguments = ctx.meta.get(ARGUMENTS, ())
    if resume is not None and arguments:
        raise click.UsageError("What stands after -- is for a new chat: leave it out, or --resume.")
    from agent_hub.cli.run import run

    with_its_own_code(ctx, lambda: run(project, Wanted(arguments=arguments, **given), resume, where))


def main() -> None:
    """Run the command; every error is told in words, with what to do about it."""
    sys.exit(_run())


def _run() -> int:
    if COMPLETE in os.environ:
        # A shell asks, as the script that `agent_cli completion` prints makes it.
        import_module("agent_hub.cli.completion")
    try:
        # Told where it runs to its end; what it ends with by itself is an exit code.
        return int(agent_cli.main(prog_name="agent_cli", standalone_mode=False) or 0)
    except AgentHubError as error:
        tell(error)
        return FAILED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read this has heard enough. Python would write what is left once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        tell_of_system(error)
        return FAILED

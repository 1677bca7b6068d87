"""What the command says of itself, on standard error: standard output is the agent's, or the answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import click

from agent_hub.cli.shown import readable
from agent_hub.errors import AgentHubError

NOT_SHOWN = 125
"""The exit code where a command that ends with the agent's has none of it to end with, as of ``docker run``."""


def say(text: str) -> None:
    """Say something in a line of its own."""
    # There may be nobody left to hear it, where a terminal has gone away.
    with suppress(OSError):
        click.echo(readable(f"agent_cli: {text}"), err=True)


def tell(error: AgentHubError) -> None:
    """Tell of an error: what happened, why, what to do, and the last lines of what failed."""
    for line in error.details.get("tail") or []:
        click.echo(readable(f"  {line}"), err=True)
    say(str(error))


def tell_of_system(error: OSError) -> None:
    """Tell of an error of this machine's: a folder that this user may not write, a full disk."""
    # What is raised in words of our own has those alone.
    say(f"{error.filename}: {error.strerror}." if error.filename and error.strerror else str(error))


def with_its_own_code(ctx: click.Context, show: Callable[[], int]) -> None:
    """End the command with the exit code of the agent that it shows."""
    try:
        code = show()
    except AgentHubError as error:
        tell(error)
        code = NOT_SHOWN
    except OSError as error:
        tell_of_system(error)
        code = NOT_SHOWN
    ctx.exit(code)

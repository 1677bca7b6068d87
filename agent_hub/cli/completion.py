"""``agent_cli completion``"""

from __future__ import annotations

import shlex

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, get_completion_class


class QuotingBash(BashComplete):
    """Completes a name as one word: bash puts it into the line as it is told, and would run what follows a ``;``."""

    def format_completion(self, item: CompletionItem) -> str:
        """As bash's own commands are told it."""
        return f"{item.type},{shlex.quote(item.value)}"


add_completion_class(QuotingBash)


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print what makes a shell complete options, commands and the names of chats.

    For bash, in ~/.bashrc: eval "$(agent_cli completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "agent_cli", "_AGENT_CLI_COMPLETE").source())

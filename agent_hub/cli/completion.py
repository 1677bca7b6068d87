"""``agent_cli completion``"""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print what makes a shell complete options, commands and the names of chats.

    For bash, in ~/.bashrc: eval "$(agent_cli completion bash)"
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "agent_cli", "_AGENT_CLI_COMPLETE").source())

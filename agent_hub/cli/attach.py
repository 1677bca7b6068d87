"""``agent_cli attach``"""

from __future__ import annotations

from typing import Any

import click

from agent_hub.cli import completions
from agent_hub.cli.answers import AS_JSON, answer
from agent_hub.cli.chat import ENDED, chat_of
from agent_hub.cli.options import SERVER, options
from agent_hub.cli.say import with_its_own_code


@click.command("attach")
@click.argument("chat", shell_complete=completions.chats)
@click.option("--start", is_flag=True, help="Start it again first, where it has ended.")
@options(AS_JSON, SERVER)
@click.pass_context
def command(ctx: click.Context, /, chat: str, start: bool, as_json: bool, **server: Any) -> None:
    """Show a chat's terminal here, until its agent ends or you leave it.

    Ctrl-P Ctrl-Q leaves it. The exit code is the agent's; 0 where you leave. With --json the chat is printed
    after that.
    """
    from agent_hub.cli.run import attach
    from agent_hub.errors import Conflict
    from agent_hub.models import Chat
    from agent_hub.notebook.chat import describe
    from agent_hub.notebook.transport import part

    def show() -> int:
        hub, found = chat_of(ctx, chat)
        path = f"chats/{part(found.id)}"
        if found.status.value in ENDED:
            if not start:
                raise Conflict(
                    f"{found.name!r} does not run: it is {describe(found)}.",
                    f"agent_cli attach --start {found.id} starts it again, agent_cli logs {found.id} has what it did.",
                )
            found = hub.send("POST", f"{path}/start", Chat)
        code = attach(hub, found, owned=False)
        if as_json:
            # Whatever the agent has printed last, this is a line of its own.
            click.echo()
            answer(hub.read(path, Chat), in_one_line=True)
        return code

    with_its_own_code(ctx, show)

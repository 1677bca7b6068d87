"""``agent_cli stop``"""

from __future__ import annotations

from typing import Any

import click

from agent_hub.cli import completions
from agent_hub.cli.answers import AS_JSON, answer
from agent_hub.cli.chat import ENDED, find_chat, stop
from agent_hub.cli.options import SERVER, options
from agent_hub.cli.say import say


@click.command("stop")
@click.argument("chats", metavar="CHAT…", nargs=-1, required=True, shell_complete=completions.chats)
@options(AS_JSON, SERVER)
@click.pass_context
def command(ctx: click.Context, /, chats: tuple[str, ...], as_json: bool, **server: Any) -> None:
    """Stop chats, and wait until they do not run. Their workspaces and conversations are kept."""
    from agent_hub.cli.servers import asked

    hub = asked(ctx)
    # All are known before the first is stopped.
    found = [find_chat(hub, key) for key in chats]
    ended = []
    for chat in found:
        if chat.status.value in ENDED:
            say(f"{chat.name!r} does not run")
        ended.append(chat if chat.status.value in ENDED else stop(hub, chat))
    if as_json:
        answer(ended)

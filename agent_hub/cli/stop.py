"""``agent_cli stop``"""

from __future__ import annotations

from typing import Any

import click

from agent_hub.cli.answers import AS_JSON, answer
from agent_hub.cli.chat import complete_chats, find_chat
from agent_hub.cli.options import SERVER, options
from agent_hub.cli.say import say


@click.command("stop")
@click.argument("chats", metavar="CHAT…", nargs=-1, required=True, shell_complete=complete_chats)
@options(AS_JSON, SERVER)
@click.pass_context
def command(ctx: click.Context, /, chats: tuple[str, ...], as_json: bool, **server: Any) -> None:
    """Stop chats, and wait until they do not run. Their workspaces and conversations are kept."""
    from agent_hub.cli.attachment import ENDED
    from agent_hub.cli.run import STOP_SECONDS
    from agent_hub.cli.servers import asked
    from agent_hub.models import Chat
    from agent_hub.notebook.polling import poll
    from agent_hub.notebook.transport import Transport, part

    def look(hub: Transport, chat: Chat) -> Chat:
        return hub.read(f"chats/{part(chat.id)}", Chat)

    hub = asked(ctx)
    # All are known before the first is stopped.
    stopped = [find_chat(hub, key) for key in chats]
    for chat in stopped:
        if chat.status.value in ENDED:
            say(f"{chat.name!r} does not run")
        else:
            hub.send("POST", f"chats/{part(chat.id)}/stop", Chat)
    ended = []
    for chat in stopped:
        looks = poll(lambda chat=chat: look(hub, chat), STOP_SECONDS, f"{chat.name!r} still runs", "Try again.")  # type: ignore[misc]
        ended.append(next(found for found in looks if found.status.value in ENDED))
    if as_json:
        answer(ended)

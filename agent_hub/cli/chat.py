"""Chats as commands name them, and stop them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from agent_hub.models import Chat
    from agent_hub.notebook.transport import Transport

STOP_SECONDS = 30.0

ENDED = ("exited", "failed")


def find_chat(hub: Transport, key: str) -> Chat:
    """A chat by its id, the beginning of its id, or its name.

    Raises
    ------
    NotFound, Conflict
        None is meant, or more than one.
    """
    from agent_hub.errors import Conflict, NotFound
    from agent_hub.models import Chat
    from agent_hub.suggestions import instead_of

    chats = hub.read_all("chats", Chat)
    # An id first: a chat may be called as another's id begins.
    for found in (
        [chat for chat in chats if chat.id == key],
        [chat for chat in chats if chat.name == key],
        [chat for chat in chats if key and chat.id.startswith(key)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(chat.id for chat in found)
            raise Conflict(f"{len(found)} chats are meant by {key!r}.", f"Give the id of one: {ids}.")
    others = instead_of(key, [chat.name for chat in chats])
    raise NotFound(f"No chat has the id or the name {key!r}.", others or "There are no chats.")


def chat_of(ctx: click.Context, key: str) -> tuple[Transport, Chat]:
    """The hub that a command is to ask, and the chat that it names."""
    from agent_hub.cli.servers import asked

    hub = asked(ctx)
    return hub, find_chat(hub, key)


def stop(hub: Transport, chat: Chat) -> Chat:
    """Stop a chat, and return it once it does not run; its workspace is kept.

    Raises
    ------
    NotFound
        It was deleted.
    TimeoutError
        It still runs.
    """
    from agent_hub.errors import Conflict
    from agent_hub.models import Chat
    from agent_hub.notebook.polling import poll
    from agent_hub.notebook.transport import part

    path = f"chats/{part(chat.id)}"
    # It may have ended by itself meanwhile.
    with suppress(Conflict):
        hub.send("POST", f"{path}/stop", Chat)
    looks = poll(lambda: hub.read(path, Chat), STOP_SECONDS, f"{chat.name!r} has not ended", "Try again.")
    return next(found for found in looks if found.status.value in ENDED)

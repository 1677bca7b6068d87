"""Chats as commands name them, and stop them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from agent_hub.models import Chat
    from agent_hub.notebook.transport import Transport

COMPLETION_SECONDS = 2.0

STOP_SECONDS = 30.0

ENDED = ("exited", "failed")


def complete_chats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The chats of the hub that the command would ask, with their states, for a shell to complete."""
    from click.shell_completion import CompletionItem

    from agent_hub.cli.servers import asked
    from agent_hub.errors import AgentHubError
    from agent_hub.models import Chat
    from agent_hub.notebook.chat import describe

    try:
        chats = asked(ctx).read_all("chats", Chat, timeout=COMPLETION_SECONDS)
    except AgentHubError:
        # A shell shows nothing of what a completion says.
        return []
    names = Counter(chat.name for chat in chats)
    offered = [(chat.name if names[chat.name] == 1 else chat.id, describe(chat)) for chat in chats]
    return [CompletionItem(text, help=state) for text, state in offered if text.startswith(incomplete)]


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

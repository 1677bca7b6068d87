"""The list of chats as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from agent_hub.models import Chat


class ChatList:
    """Makes the JSON of a chat once for each of its values: a list of thousands is asked for again and again."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Chat, str]] = {}

    def json(self, chats: Iterable[Chat]) -> str:
        """The chats as they may be shown. Blocks, for a time in proportion; it may be called by several at once."""
        before, made = self._made, {}
        for chat in chats:
            known = before.get(chat.id)
            made[chat.id] = known if known is not None and known[0] is chat else (chat, chat.masked().model_dump_json())
        self._made = made
        return f"[{','.join(text for _, text in made.values())}]"

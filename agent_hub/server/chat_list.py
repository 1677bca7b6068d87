"""The list of chats as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from agent_hub.models import Chat


class ChatList:
    """Makes the JSON of a chat once for each of its values: a list of thousands is asked for again and again."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Chat, str]] = {}

    def json(self, chats: Iterable[Chat]) -> str:
        """The chats as they may be shown."""
        before, self._made = self._made, {}
        for chat in chats:
            made = before.get(chat.id)
            if made is None or made[0] is not chat:
                made = chat, chat.masked().model_dump_json()
            self._made[chat.id] = made
        return f"[{','.join(text for _, text in self._made.values())}]"

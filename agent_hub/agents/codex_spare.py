"""Codex in a spare: its terminal interface and its app-server run, with a thread that waits for a person."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from agent_hub.agents.base import Warm
from agent_hub.agents.codex_conversation import CodexConversation
from agent_hub.agents.conversation import Conversation, Listener
from agent_hub.errors import AgentUnavailable
from agent_hub.models import Chat

logger = logging.getLogger(__name__)

START_SECONDS = 30.0
"""How long Codex may take to come up; the first start after a boot reads 300 MB from the disk."""


class WarmCodex(Warm):
    """A spare's thread, and a connection to the app-server that it is in.

    Parameters
    ----------
    model_of
        The model that a chat asks for, empty where it asks for none.
    """

    def __init__(self, conversation: CodexConversation, spare: Chat, model_of: Callable[[Chat], str]) -> None:
        self._conversation = conversation
        self._spare = spare
        self._model_of = model_of
        self._claimed = False

    @classmethod
    async def wait_for(cls, find: Callable[[], Path | None], spare: Chat, model_of: Callable[[Chat], str]) -> WarmCodex:
        """Wait for the thread that the terminal interface begins as it paints its prompt."""
        try:
            async with asyncio.timeout(START_SECONDS):
                # What takes Codex longest about a thread is to write it down, which its name makes it do.
                return cls(await CodexConversation.join(find, spare), spare, model_of)
        except TimeoutError:
            raise AgentUnavailable(
                f"Codex did not come up within {START_SECONDS:g} s.", "Look at the chat's terminal for the reason."
            ) from None

    async def claim(self, chat: Chat, mark: str, listener: Listener) -> Conversation:
        self._conversation.listen(listener)
        try:
            model = self._model_of(chat)
            if model != self._model_of(self._spare):
                await self._conversation.set_model(model)
            requests: list[Coroutine[Any, Any, object]] = []
            if chat.name != self._spare.name:
                requests.append(self._rename(chat.name))
            if chat.prompt:
                requests.append(self._say(mark, chat.prompt))
            await asyncio.gather(*requests)
        except BaseException:
            await self._conversation.close()
            raise
        self._claimed = True
        return self._conversation

    async def _say(self, mark: str, prompt: str) -> None:
        try:
            await self._conversation.say(mark, prompt)
        except AgentUnavailable as error:
            # One that is only slow has it: said again by a new start, it would be worked on twice.
            if not error.details.get("unanswered"):
                raise
            logger.warning("Codex did not say that it took its chat's first prompt: %s", error.message)

    async def _rename(self, name: str) -> None:
        try:
            await self._conversation.rename(name)
        except AgentUnavailable as error:
            # No reason to fail the claim: the chat would start anew, and its prompt be said a second time.
            logger.warning("Codex did not take its chat's name: %s", error.message)

    async def close(self) -> None:
        if not self._claimed:
            await self._conversation.close()

"""Tokens: what chats and projects have taken from a model, and how much they may."""

from __future__ import annotations

from contextlib import suppress

from agent_hub.errors import BudgetUsedUp, NotFound
from agent_hub.hub.store import Store
from agent_hub.models import Chat, Project, Usage


class Budgets:
    """Counts by what the model itself says; an agent's own word counts for nothing here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, chat_id: str) -> None:
        """Raise :class:`~agent_hub.errors.BudgetUsedUp` where the chat may ask for no more.

        A request that is under way is never cut off, so that a budget is passed by at most what is asked at once.
        """
        chat = self._store.chats[chat_id]
        project = self._store.projects[chat.project]
        if chat.token_budget is not None and chat.tokens >= chat.token_budget:
            raise BudgetUsedUp(
                f"This chat has used {chat.tokens:,} tokens of the {chat.token_budget:,} that it may.",
                "Raise it by Token Budget… in the chat's menu of Agent Hub, and go on.",
            )
        if project.token_budget is not None and project.tokens >= project.token_budget:
            raise BudgetUsedUp(
                f"The chats of “{project.name}” have used {project.tokens:,} tokens of the {project.token_budget:,} "
                "that they may.",
                "Raise it in the project's settings in Agent Hub, and go on.",
            )

    async def count(self, chat_id: str, usage: Usage) -> None:
        """Add what an answer has taken; no error where the chat was deleted meanwhile."""
        if not usage.total:
            return

        def chat_with(chat: Chat) -> Chat:
            return chat.model_copy(update={"tokens": chat.tokens + usage.total})

        def project_with(project: Project) -> Project:
            return project.model_copy(update={"tokens": project.tokens + usage.total})

        known = self._store.chats.items.get(chat_id)
        with suppress(NotFound):
            await self._store.chats.observe(chat_id, chat_with)
        if known is not None:
            # Also where the chat has just been deleted: its tokens were the project's.
            with suppress(NotFound):
                await self._store.projects.observe(known.project, project_with)

"""What a person asks of a chat's changes: to see, commit, and take them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent_hub.errors import Conflict, GitError
from agent_hub.hub.applying import apply_work, checkout_of
from agent_hub.hub.branches import branch_of, check_name, default_name
from agent_hub.hub.commits import commit_work
from agent_hub.hub.diffs import diff_of
from agent_hub.hub.folders import Folders
from agent_hub.hub.identities import Identities
from agent_hub.hub.store import Store
from agent_hub.hub.uncommitted import Note
from agent_hub.hub.work import Work, work_of
from agent_hub.models import Chat, ChatDiff, NewBranch, WorkApplied, WorkBranch, WorkCommit

AT_ONCE = 2
"""Looks at workspaces side by side; each may read a gigabyte."""

TOTAL_TIMEOUT = 180.0
"""Seconds that one request may take."""

MOST_NAMES = 100


class ChatWork:
    """The changes of every chat."""

    def __init__(self, store: Store, folders: Folders, identities: Identities) -> None:
        self._store = store
        self._folders = folders
        self._identities = identities
        self._room = asyncio.Semaphore(AT_ONCE)
        self._applying = asyncio.Lock()

    async def diff(self, chat_id: str) -> ChatDiff:
        """What a chat has changed, against the commit that it started from."""
        chat = self._store.chats[chat_id]
        async with self._work(chat_id) as work:
            return await diff_of(work, chat.commit)

    async def commit(self, chat_id: str, message: str) -> WorkCommit:
        """Commit what a chat has not committed, on what it has checked out; see :func:`commit_work`."""
        chat = self._store.chats[chat_id]
        async with self._limited():
            note, hint = await self._note(chat, message)
            made = await commit_work(self._folders.workspace(chat_id), chat.commit, note)
            return made.model_copy(update={"hint": hint})

    async def branch(self, chat_id: str, new: NewBranch) -> WorkBranch:
        """Make a branch of a chat's work; see :func:`branch_of`."""
        chat = self._store.chats[chat_id]
        project = self._store.projects[chat.project]
        if new.name:
            await check_name(new.name)
        clone = self._folders.repository(project.id)
        note, _ = await self._note(chat, new.message or chat.name)
        async with self._work(chat_id, note) as work:
            if new.name:
                return await branch_of(work, new.name, clone, project.url)
            first = default_name(chat.name)
            for number in range(1, MOST_NAMES):
                try:
                    return await branch_of(work, first if number == 1 else f"{first}-{number}", clone, project.url)
                except Conflict as error:
                    if error.details.get("field") != "name":
                        raise
            raise Conflict(f"There are too many branches like {first!r}.", "Choose a name.", field="name")

    async def apply(self, chat_id: str, to: str) -> WorkApplied:
        """Put a chat's changes into a checkout; see :func:`apply_work`."""
        await checkout_of(to)
        # Two at once would each find the checkout as it was before the other.
        async with self._applying, self._work(chat_id) as work:
            return await apply_work(work, to)

    async def _note(self, chat: Chat, message: str) -> tuple[Note, str]:
        """What a commit says and who it is by, and what to do where nobody is known."""
        person = await self._identities.of(chat.env)
        return Note(message, person.name, person.email), person.hint

    @asynccontextmanager
    async def _work(self, chat_id: str, note: Note | None = None) -> AsyncIterator[Work]:
        chat = self._store.chats[chat_id]
        async with self._limited(), work_of(self._folders.workspace(chat_id), chat.commit, note) as work:
            yield work

    @asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        async with self._room:
            try:
                async with asyncio.timeout(TOTAL_TIMEOUT):
                    yield
            except TimeoutError:
                raise GitError(
                    f"The workspace could not be read within {TOTAL_TIMEOUT:.0f} seconds.", "Make it smaller."
                ) from None

"""A chat's changes over REST."""

from __future__ import annotations

from agent_hub.models import NewApplication, NewBranch, NewCommit
from agent_hub.server.handler import HubHandler, guarded


class ChatDiffHandler(HubHandler):
    """``api/chats/{id}/diff``"""

    @guarded
    async def get(self, id: str) -> None:
        """What a chat has changed since it started, committed or not."""
        self.answer(await self.hub.work.diff(id))


class ChatCommitHandler(HubHandler):
    """``api/chats/{id}/commit``"""

    @guarded
    async def post(self, id: str) -> None:
        """Commit all that is not committed, as the person."""
        self.hub.store.chats[id]
        self.answer(await self.hub.work.commit(id, self.body(NewCommit).message), 201)


class ChatBranchHandler(HubHandler):
    """``api/chats/{id}/branch``"""

    @guarded
    async def post(self, id: str) -> None:
        """Make a new branch with all that a chat has changed."""
        self.hub.store.chats[id]
        self.answer(await self.hub.work.branch(id, self.body(NewBranch)), 201)


class ChatApplyHandler(HubHandler):
    """``api/chats/{id}/apply``"""

    @guarded
    async def post(self, id: str) -> None:
        """Put all that a chat has changed into a checkout, not committed there; all of it or nothing."""
        self.hub.store.chats[id]
        self.answer(await self.hub.work.apply(id, self.body(NewApplication).to))


handlers: list[tuple[str, type]] = [
    (r"api/chats/([0-9a-f]+)/diff", ChatDiffHandler),
    (r"api/chats/([0-9a-f]+)/commit", ChatCommitHandler),
    (r"api/chats/([0-9a-f]+)/branch", ChatBranchHandler),
    (r"api/chats/([0-9a-f]+)/apply", ChatApplyHandler),
]

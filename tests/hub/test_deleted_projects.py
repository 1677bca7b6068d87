"""A project goes with everything of it, whatever is asked for meanwhile."""

from __future__ import annotations

import asyncio

from agent_hub.errors import Conflict, NotFound
from agent_hub.models import NewChat
from tests.conftest import Repository
from tests.hub.running import RunningHub


async def test_no_chat_is_left_of_a_project_that_is_deleted_while_chats_are_added(
    a_process_hub: RunningHub, a_repository: Repository
) -> None:
    hub = a_process_hub.hub
    project = await a_process_hub.ready(a_repository)
    await a_process_hub.start(project)
    deletion = asyncio.create_task(hub.projects.delete(project.id, force=True))
    added = 0
    async with asyncio.timeout(60):
        while not deletion.done():
            try:
                await hub.new_chats.add(NewChat(project=project.id, agent="shell"))
                added += 1
            except (Conflict, NotFound):
                await asyncio.sleep(0)
        await deletion
    assert len(hub.store.projects) == len(hub.store.chats) == 0, added
    assert await a_process_hub.containers() == []

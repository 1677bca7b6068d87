"""A hub that runs, with its gateway, and ways to wait for what happens in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from agent_hub.engines.base import Engine, Handle
from agent_hub.gateway.listener import Gateway
from agent_hub.hub.hub import Hub, Settings
from agent_hub.models import Build, BuildState, Chat, ChatStatus, NewChat, NewProject, Project
from tests.conftest import Repository

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agent-hub"
LIMIT = 300.0
"""Seconds that anything here may take, also the first image on an engine."""

T = TypeVar("T")


@dataclass
class RunningHub:
    """A hub between :meth:`open` and :meth:`close`."""

    hub: Hub
    gateway: Gateway

    @classmethod
    async def open(cls, folder: Path, engine: Engine, base: str, **settings: Any) -> RunningHub:
        """A hub that keeps everything below `folder`; what is fetched once is the same for every hub."""
        data = folder / "data"
        for path in (data, folder / "root", CACHE):
            path.mkdir(parents=True, exist_ok=True)
        if not (data / "cache").exists():
            (data / "cache").symlink_to(CACHE)
        # No spares, unless a test is about them: it counts its containers.
        settings = {"spares": 0} | settings
        hub = Hub(Settings(data_dir=data, root=folder / "root", base_image=base, **settings), engine)
        gateway = Gateway(hub)
        await hub.start(gateway.open)
        return cls(hub, gateway)

    async def close(self) -> None:
        """Close it as a server's stop does: its containers go on."""
        await self.gateway.close()
        await self.hub.close()

    async def clear(self) -> None:
        """Delete all that was made in it, but for the snapshot that all projects without a setup script share."""
        for project in self.hub.store.projects:
            await self.hub.projects.delete(project.id, force=True)
            if project.snapshot is not None and project.setup:
                await self.hub.engine.remove_image(project.snapshot.image)

    async def until(self, condition: Callable[[], T], limit: float = LIMIT) -> T:
        """What `condition` gives once it is true; it is asked again at every change."""
        subscription = self.hub.events.subscribe()
        try:
            async with asyncio.timeout(limit):
                async for _ in subscription:
                    if found := condition():
                        return found
        finally:
            subscription.close()
        raise AssertionError("a subscription never ends")

    async def until_true(self, condition: Callable[[], bool], limit: float = LIMIT) -> None:
        """Wait until something outside the hub, such as a file of an agent, is so."""
        async with asyncio.timeout(limit):
            while not condition():
                await asyncio.sleep(0.02)

    # -- projects

    async def add(self, repository: Repository, **settings: Any) -> Project:
        """A new project, its build queued."""
        return await self.hub.projects.add(NewProject(url=str(repository.path), **{"agent": "shell", **settings}))

    async def ended_build(self, project_id: str) -> Build:
        """The project's build, once it has ended."""

        def ended() -> Build | None:
            build = self.hub.store.projects[project_id].build
            return build if build is not None and build.state.ended else None

        return await self.until(ended)

    async def build(self, repository: Repository, **settings: Any) -> Build:
        """How the build of a new project ended."""
        return await self.ended_build((await self.add(repository, **settings)).id)

    async def ready(self, repository: Repository, **settings: Any) -> Project:
        """A new project that is built."""
        build = await self.build(repository, **settings)
        assert build.state is BuildState.ready, build.error
        return self.hub.store.projects[build.project]

    async def step(self, project_id: str, name: str) -> None:
        """Wait until the build's step of that name runs."""

        def runs() -> bool:
            build = self.hub.store.projects[project_id].build
            assert build is None or not build.state.ended, (build.state, build.error)
            return build is not None and any(step.name == name and step.state == "running" for step in build.steps)

        await self.until(runs)

    # -- chats

    async def start(self, project: Project, **settings: Any) -> Chat:
        """A new chat that runs."""
        chat = await self.hub.new_chats.add(NewChat(project=project.id, **{"agent": "shell", **settings}))
        return await self.settled(chat.id)

    async def settled(self, chat_id: str, status: ChatStatus = ChatStatus.running) -> Chat:
        """The chat once it has that status; fails where it ends in another."""
        ends = {ChatStatus.failed, ChatStatus.exited, status}
        if status is ChatStatus.failed:
            ends.add(ChatStatus.running)

        def settled() -> Chat | None:
            chat = self.hub.store.chats[chat_id]
            return chat if chat.status in ends else None

        chat = await self.until(settled)
        assert chat.status is status, (chat.status, chat.reason, chat.error, self.shown(chat_id))
        return chat

    async def seeded(self, chat_id: str) -> None:
        """Wait until the chat's agent runs: by then its entrypoint has copied what the setup script made."""
        await self.says(chat_id, "rea''dy", "ready")

    async def says(self, chat_id: str, word: str, shown: str) -> None:
        """Type an echo of `word`, and wait until `shown` comes."""
        await self.type(chat_id, f"echo {word}\r")
        await self.shows(chat_id, shown)

    async def shows(self, chat_id: str, shown: str) -> None:
        """Wait until the chat's terminal shows a text."""
        async with asyncio.timeout(LIMIT):
            while shown not in self.shown(chat_id):
                await asyncio.sleep(0.02)

    def shown(self, chat_id: str) -> str:
        """What the chat's terminal has shown."""
        return self.hub.terminals[chat_id].history.replay()

    async def type(self, chat_id: str, text: str) -> None:
        """Type into the chat's terminal."""
        await self.hub.terminals[chat_id].write(text)

    async def run(self, chat_id: str, script: str) -> str:
        """Run a script in the chat's container; its output."""
        handle = await self.container(chat_id)
        assert handle is not None
        workdir = "" if self.hub.engine.isolated else str(self.hub.folders.workspace(chat_id))
        done = await self.hub.engine.execute(handle, ["sh", "-c", script], workdir=workdir)
        return done.output

    async def container(self, chat_id: str) -> Handle | None:
        """The chat's container, as the engine knows it."""
        return next(iter(await self.hub.engine.list({"agent-hub.chat": chat_id})), None)

    async def containers(self) -> list[Handle]:
        """Every container of this hub."""
        return await self.hub.engine.list({"agent-hub.hub": self.hub.store.hub_id})

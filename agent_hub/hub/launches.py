"""What a chat's container is made of: its folders, its workspace, what it is told, and the container itself."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from agent_hub.agents.base import AGENT_HOME, RUN, TOOLS, WORKSPACE, Agent
from agent_hub.engines.base import ContainerSpec, Engine, Handle, Limits
from agent_hub.errors import AgentHubError
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.hub.tokens import new_token, token_hash
from agent_hub.hub.workspaces import Repository
from agent_hub.models import Chat, Mount

ENTRYPOINT_ENV = {"AGENT_HUB_WORKSPACE": WORKSPACE, "AGENT_HUB_SEED": f"{TOOLS}/seed", "AGENT_HUB_RUN": RUN}
"""Where the entrypoint finds its folders. An image says the same; the process engine has no image to say it."""

PIDS = 4096
"""Processes a chat may have where it asks for no other limit: enough for any build, too few for a fork bomb."""


class Launcher:
    """Prepares chats' containers.

    `artifacts_url` is what containers are told to publish to, once the gateway listens.
    """

    def __init__(self, store: Store, folders: Folders, engine: Engine, agents: Mapping[str, Agent]) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self.artifacts_url = ""

    async def prepare(self, chat: Chat) -> Handle:
        """Make what the chat lacks, and return its container, created and not started.

        Nothing in a workspace that is there is ever touched.
        """
        agent = self._agents[chat.agent]
        empty = await asyncio.to_thread(self._make_folders, chat.id)
        # A workspace that an agent has emptied stays so.
        fresh = empty and chat.started_at is None
        if not fresh:
            thread = await asyncio.to_thread(agent.thread, self._folders.agent_home(chat.id))
            chat = await self._store.chats.change(chat.id, thread=thread or chat.thread)
        try:
            # The engine makes the container while Git makes the workspace: neither needs the other before the start.
            async with asyncio.TaskGroup() as together:
                if fresh:
                    together.create_task(self._make_workspace(chat))
                together.create_task(self._tell(chat, agent))
                made = together.create_task(to_its_end(self._engine.create(self._spec(chat, agent))))
        except* AgentHubError as group:
            raise first_error(group) from None
        return made.result()

    async def tell_address(self, chat_id: str) -> None:
        """Tell a container that runs where to publish now."""
        await asyncio.to_thread(self._write_run, chat_id, {"artifacts_url": self.artifacts_url})

    def _spec(self, chat: Chat, agent: Agent) -> ContainerSpec:
        folders = self._folders
        return ContainerSpec(
            name=f"agent-hub-{chat.id}",
            image=chat.image,
            env=ENTRYPOINT_ENV
            | dict(agent.environment(chat))
            | {variable.name: variable.value or "" for variable in chat.env},
            mounts=[
                *self._sockets(chat, agent),
                Mount(source=str(folders.workspace(chat.id)), target=WORKSPACE, read_only=False),
                Mount(source=str(folders.agent_home(chat.id)), target=AGENT_HOME, read_only=False),
                Mount(source=str(folders.run(chat.id)), target=RUN),
                self._repository(chat).shared_mount(),
                *chat.mounts,
            ],
            labels={
                "agent-hub.hub": self._store.hub_id,
                "agent-hub.chat": chat.id,
                "agent-hub.project": chat.project,
            },
            user=f"{os.getuid()}:{os.getgid()}",
            limits=Limits(cpus=chat.resources.cpus, memory=chat.resources.memory, pids=chat.resources.pids or PIDS),
            gpus=chat.resources.gpus or 0,
        )

    def _sockets(self, chat: Chat, agent: Agent) -> list[Mount]:
        """Where the hub and the agent's program meet; without a container both see one ``/tmp``."""
        if not agent.sockets or not self._engine.isolated:
            return []
        return [Mount(source=str(self._folders.sockets(chat.id)), target=agent.sockets, read_only=False)]

    def _make_folders(self, chat_id: str) -> bool:
        """Make the chat's folders; returns whether its workspace is empty."""
        folders = self._folders
        folders.chat(chat_id).mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (folders.workspace, folders.agent_home, folders.run, folders.sockets):
            folder(chat_id).mkdir(exist_ok=True, mode=0o700)
        return not any(folders.workspace(chat_id).iterdir())

    def _repository(self, chat: Chat) -> Repository:
        project = self._store.projects[chat.project]
        return Repository(self._folders.repository(chat.project), project.url, project.branch)

    async def _make_workspace(self, chat: Chat) -> None:
        # Beside its place and then moved there: a clone that was cut off must not look like one that is whole.
        unfinished = self._folders.chat(chat.id) / "workspace.unfinished"
        await asyncio.to_thread(remove_tree, unfinished)
        try:
            await self._repository(chat).check_out(unfinished)
            os.rename(unfinished, self._folders.workspace(chat.id))
        finally:
            await asyncio.to_thread(remove_tree, unfinished)

    async def _tell(self, chat: Chat, agent: Agent) -> None:
        """Write what the container reads at its start: its token, the gateway's address, and what to run."""
        token = new_token()
        await self._store.set_token(chat.id, token_hash(token))
        files = {
            "token": token,
            "artifacts_url": self.artifacts_url,
            "command": f"set -- {shlex.join(agent.command(chat))}",
            **agent.files(chat),
        }
        await asyncio.to_thread(self._write_run, chat.id, files)
        await asyncio.to_thread(agent.prepare, chat, self._folders.agent_home(chat.id))

    def _write_run(self, chat_id: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self._folders.run(chat_id) / name
            temporary = path.with_suffix(".new")
            temporary.write_text(text + "\n")
            temporary.chmod(0o600)
            temporary.replace(path)


def first_error(group: BaseExceptionGroup[AgentHubError]) -> AgentHubError:
    """The error that the others of a group followed from."""
    first = group.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first


def remove_tree(folder: Path) -> None:
    """Remove a folder whatever modes an agent left in it; raise if anything stays."""

    def allow(function: object, path: str, error: BaseException) -> None:
        os.chmod(os.path.dirname(path), 0o700)
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, 0o700)
            shutil.rmtree(path)
        else:
            os.unlink(path)

    if folder.exists():
        shutil.rmtree(folder, onerror=lambda function, path, info: allow(function, path, info[1]))

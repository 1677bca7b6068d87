"""What a chat's container is made of: its folders, its workspace, what it is told, and the container itself."""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agent_hub.agents.base import AGENT_HOME, RUN, TOOLS, WORKSPACE, Agent
from agent_hub.engines.base import ContainerSpec, Engine, Handle, Limits
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import AgentHubError, ContainerLost
from agent_hub.hub import chat_git
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.chat_git import ChatGit
from agent_hub.hub.folders import Folders
from agent_hub.hub.limits import ContainerLimits
from agent_hub.hub.mount_sources import MountSources
from agent_hub.hub.store import Store
from agent_hub.hub.tokens import new_token, token_hash
from agent_hub.hub.workspaces import Repository
from agent_hub.models import Chat, Mount

ENTRYPOINT_ENV = {"AGENT_HUB_WORKSPACE": WORKSPACE, "AGENT_HUB_SEED": f"{TOOLS}/seed", "AGENT_HUB_RUN": RUN}
"""Where the entrypoint finds its folders. An image says the same; the process engine has no image to say it."""

CLAIM, READY = "claim", "ready"
"""Fifos in a spare's run folder: it waits at the one, and has said by the other that it does."""

PATIENCE = 5.0
"""Seconds that Git of a killed hub gets to notice that its folder is gone."""


class Launcher:
    """Prepares chats' containers.

    `gateway_url` is what containers are told to find the gateway by, once it listens.
    """

    def __init__(
        self,
        store: Store,
        folders: Folders,
        engine: Engine,
        agents: Mapping[str, Agent],
        git: ChatGit,
        sources: MountSources,
        limits: ContainerLimits,
    ) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self._git = git
        self._sources = sources
        self._limits = limits
        self.gateway_url = ""

    async def prepare(self, chat: Chat) -> Handle:
        """Make what the chat lacks, and return its container, created and not started.

        Nothing in a workspace that is there is ever touched.
        """
        agent = self._agents[chat.agent]
        empty = await asyncio.to_thread(self._make_folders, chat.id)
        # A workspace that an agent has emptied stays so.
        fresh = empty and chat.started_at is None
        # One that never ran begins its conversation anew: its first prompt may not have been taken.
        if chat.started_at is not None:
            thread = await asyncio.to_thread(agent.thread, self._folders.agent_home(chat.id))
            chat = await self._store.chats.change(chat.id, thread=thread or chat.thread)

        async def tell() -> None:
            token = new_token()
            await self._store.set_token(chat.id, token_hash(token))
            await asyncio.to_thread(write, await self._words(chat) | {"token": token})

        def write(words: Mapping[str, str]) -> None:
            for name in (READY, CLAIM):
                (self._folders.run(chat.id) / name).unlink(missing_ok=True)
            self._write_run(chat.id, words)

        return await self._make(chat, fresh, tell)

    async def find(self, chat_id: str) -> Handle | None:
        """The container of a chat or a spare, as the engine knows it; ``None`` where there is none."""
        found = await self._engine.list({"agent-hub.hub": self._store.hub_id, "agent-hub.chat": chat_id})
        return found[0] if found else None

    async def prepare_spare(self, spare: Chat, token: str) -> tuple[Handle, Mapping[str, str]]:
        """As :meth:`prepare`, for a chat that nobody has asked for yet; also what the container is told, by file.

        Its agent runs ahead, where it can. Else the container waits at the fifo ``claim``, and says by ``ready`` when
        all that can be done before the chat is done.
        """
        await asyncio.to_thread(self._make_folders, spare.id)
        agent = self._agents[spare.agent]
        words = await self._words(spare)
        if agent.runs_ahead:
            words["command"] = _command(agent.spare_command(spare, self.gateway_url))

        def tell() -> None:
            if not agent.runs_ahead:
                for name in (READY, CLAIM):
                    os.mkfifo(self._folders.run(spare.id) / name, 0o600)
            self._write_run(spare.id, words | {"token": token})

        return await self._make(spare, True, lambda: asyncio.to_thread(tell)), words

    async def hand_over(self, chat: Chat, told: Mapping[str, str]) -> None:
        """Tell the container of a spare what chat it is, as far as that is not what it was told before.

        Parameters
        ----------
        told
            By :meth:`prepare_spare`.
        """
        words = await self._words(chat)
        if not (self._folders.run(chat.id) / CLAIM).exists():
            # Its agent runs already; this is for the next start, which writes it anew.
            del words["command"]
        news = {name: text for name, text in words.items() if told.get(name) != text}
        if news:
            await asyncio.to_thread(self._write_run, chat.id, news)

    def release(self, chat_id: str) -> None:
        """Let the container of a spare, if it waits, go on as the chat that it was told it is.

        Raises
        ------
        ContainerLost
            Nothing waits there any more.
        """
        path = self._folders.run(chat_id) / CLAIM
        try:
            # The container holds both ends of the fifo while it waits, so this neither blocks nor is lost.
            claim = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(claim, b"\n")
            finally:
                os.close(claim)
        except FileNotFoundError:
            return
        except OSError as error:
            raise ContainerLost("The container that was made ahead has ended.", "Start the chat again.") from error
        path.unlink(missing_ok=True)

    async def ready(self, spare_id: str) -> None:
        """Wait until a spare's container waits to be claimed."""
        loop = asyncio.get_running_loop()
        said = asyncio.Event()
        # Both ends are held here, so that it opens at once, and what is said before is kept.
        fifo = os.open(self._folders.run(spare_id) / READY, os.O_RDWR | os.O_NONBLOCK)
        try:
            loop.add_reader(fifo, said.set)
            await said.wait()
        finally:
            loop.remove_reader(fifo)
            os.close(fifo)

    async def _make(self, chat: Chat, fresh: bool, tell: Callable[[], Awaitable[None]]) -> Handle:
        """The chat's folders filled, and its container."""
        agent = self._agents[chat.agent]

        async def make_workspace() -> None:
            if fresh:
                await self._make_workspace(chat)

        async def told() -> None:
            await tell()
            await asyncio.to_thread(agent.prepare, chat, self._folders.agent_home(chat.id))

        spec = self._spec(chat, agent, await self._limits.of(chat.resources))
        for mount in chat.mounts:
            # Again: an agent that may write above it can have put a link in its place.
            await asyncio.to_thread(self._sources.check_again, mount.source)
        try:
            # The engine makes the container while Git makes the workspace: neither needs the other before the start.
            async with asyncio.TaskGroup() as together:
                together.create_task(make_workspace())
                together.create_task(told())
                made = together.create_task(to_its_end(self._engine.create(spec)))
        except* (AgentHubError, OSError) as group:
            raise first_error(group) from None
        return made.result()

    async def tell_address(self, chat_id: str) -> None:
        """Tell a container that runs where the hub is now, and what its Git needs of it."""
        told = await self._place(self._store.chats[chat_id])
        await asyncio.to_thread(self._write_run, chat_id, told)

    def _spec(self, chat: Chat, agent: Agent, limits: Limits) -> ContainerSpec:
        folders = self._folders
        return ContainerSpec(
            name=f"agent-hub-{chat.id}",
            image=chat.image,
            # The chat's own variables are in a file of its run folder: a container's configuration is no place for a
            # secret, and a spare's is made before anyone knows them.
            env=ENTRYPOINT_ENV | self._git_env() | dict(agent.environment(chat)),
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
            limits=limits,
            gpus=chat.resources.gpus or 0,
        )

    def _git_env(self) -> dict[str, str]:
        """An image has in the configuration of its system what Git is to read; a machine's own is not to be changed."""
        return {} if self._engine.isolated else {"GIT_CONFIG_SYSTEM": f"{RUN}/{chat_git.SYSTEM_FILE}"}

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
        # Beside its place and then moved there: a clone that was cut off must not look like one that is whole. Each
        # at a place of its own: the Git of a hub that was killed may still write to the last one.
        beside = self._folders.chat(chat.id)
        unfinished = beside / f"workspace.{secrets.token_hex(4)}.unfinished"
        try:
            await self._repository(chat).check_out(unfinished)
            os.rename(unfinished, self._folders.workspace(chat.id))
        finally:
            await asyncio.to_thread(remove_unfinished, beside)

    async def _words(self, chat: Chat) -> dict[str, str]:
        """What the container reads before it becomes the chat's agent, by file."""
        agent = self._agents[chat.agent]
        return {
            **agent.files(chat),
            **await self._place(chat),
            # `command`: a name that a shell keeps for itself, such as UID, must not end the script that reads this.
            "environment": "".join(f"command export {one.name}={shlex.quote(one.value or '')}\n" for one in chat.env),
            "command": _command(agent.command(chat, self.gateway_url)),
        }

    async def _place(self, chat: Chat) -> dict[str, str]:
        """What changes with the hub's address and its connections, by file."""
        url = self._store.projects[chat.project].url
        return {
            "artifacts_url": f"{self.gateway_url}/artifacts",
            chat_git.FILE: await self._git.configuration(url, chat.env, self.gateway_url),
            **({} if self._engine.isolated else {chat_git.SYSTEM_FILE: chat_git.SYSTEM}),
        }

    def _write_run(self, chat_id: str, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self._folders.run(chat_id) / name
            temporary = path.with_suffix(".new")
            temporary.write_text(text + "\n", encoding="utf-8")
            temporary.chmod(0o600)
            temporary.replace(path)


def remove_unfinished(beside: Path) -> None:
    """Remove what workspaces were made in. Git of a killed hub goes on there until nothing is left to write into."""
    end = time.monotonic() + PATIENCE
    while (left := list(beside.glob("workspace*unfinished"))) and time.monotonic() < end:
        for folder in left:
            with suppress(OSError):
                remove_tree(folder)
            if folder.exists():
                time.sleep(0.05)


def _command(arguments: Sequence[str]) -> str:
    return f"set -- {shlex.join(arguments)}"


def first_error(group: BaseExceptionGroup[AgentHubError | OSError]) -> AgentHubError | OSError:
    """The error that the others of a group followed from."""
    first = group.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first

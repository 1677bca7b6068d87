"""The hub on an event loop: as :mod:`agent_hub.notebook.client`, for scripts that wait for many things at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Unpack

from agent_hub.notebook import arguments
from agent_hub.notebook.async_chat import AsyncChat
from agent_hub.notebook.async_connections import AsyncConnections
from agent_hub.notebook.async_project import AsyncProject
from agent_hub.notebook.async_record import AsyncRecords
from agent_hub.notebook.async_runs import AsyncRuns
from agent_hub.notebook.chat import Chat, Chats
from agent_hub.notebook.grid import Grid, tasks
from agent_hub.notebook.inputs import Inputs, encode_all, scratch
from agent_hub.notebook.project import BUILD_TIMEOUT, Project, Projects
from agent_hub.notebook.proposal import Proposal
from agent_hub.notebook.runs import AllRuns, Runs
from agent_hub.notebook.status import HubStatus
from agent_hub.notebook.threads import in_thread

if TYPE_CHECKING:
    from types import TracebackType

    from agent_hub import models
    from agent_hub.notebook.async_transport import AsyncTransport


class AsyncHub:
    """The Agent Hub of a Jupyter server, for ``await``.

    It connects at ``async with AsyncHub() as hub``, or by ``hub = await AsyncHub.connect()``, which :meth:`close` ends.
    The event loop does all the waiting: a hundred turns that are awaited take no thread.

    Parameters
    ----------
    url, token, timeout
        As for :class:`~agent_hub.notebook.client.Hub`.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout: float = 60.0) -> None:
        self._asked = (url, token, timeout)
        self._open: AsyncTransport | None = None

    @classmethod
    async def connect(cls, url: str | None = None, token: str | None = None, *, timeout: float = 60.0) -> AsyncHub:
        """Find the server, and connect to its hub.

        Raises
        ------
        HubUnavailable
            No server with a hub was found; the hint names the fix.
        NotAllowed
            The server refuses the token.
        """
        return await cls(url, token, timeout=timeout).__aenter__()

    async def __aenter__(self) -> AsyncHub:
        from agent_hub.models import Status
        from agent_hub.notebook.async_transport import connect

        self._open, _ = await connect(*self._asked, Status)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections; chats and their turns go on."""
        if self._open is not None:
            await self._open.close()

    @property
    def _transport(self) -> AsyncTransport:
        if self._open is None:
            raise RuntimeError("This hub is not connected: hub = await AsyncHub.connect(), or async with AsyncHub().")
        return self._open

    @property
    def url(self) -> str:
        """The server's base URL."""
        return self._transport.url

    @property
    def connections(self) -> AsyncConnections:
        """Whose accounts chats use: OpenAI and GitHub."""
        return AsyncConnections(self._transport)

    async def status(self) -> HubStatus:
        """What the hub runs on, now, and whether anything is isolated."""
        from agent_hub.models import Status

        return HubStatus(self.url, await self._transport.read("status", Status))

    async def projects(self) -> AsyncRecords[AsyncProject]:
        """The projects as they are now, by id and by name."""
        from agent_hub.models import Project as Data

        found = map(self._project, await self._transport.read_all("projects", Data))
        return AsyncRecords(list(found), Projects(self._transport.sync))

    async def chats(self) -> AsyncRecords[AsyncChat]:
        """The chats as they are now, by id and by name."""
        from agent_hub.models import Chat as Data

        found = map(self._chat, await self._transport.read_all("chats", Data))
        return AsyncRecords(list(found), Chats(self._transport.sync))

    async def runs(self) -> AsyncRecords[AsyncRuns]:
        """What :meth:`map` has begun and is there still, by id and by name."""
        from agent_hub.models import Run as Data

        found = map(self._runs, await self._transport.read_all("runs", Data))
        return AsyncRecords(list(found), AllRuns(self._transport.sync))

    async def propose(self, url: str | os.PathLike[str], *, branch: str = "") -> Proposal:
        """Propose how a project of a repository is set up; see :meth:`Hub.propose
        <agent_hub.notebook.client.Hub.propose>`.
        """
        from agent_hub.models import Proposal as Data

        body = {"url": arguments.repository(url), "branch": branch}
        return Proposal(await self._transport.send("POST", "projects/propose", Data, body))

    async def add_project(
        self,
        url: str | os.PathLike[str],
        *,
        wait: bool = True,
        timeout: float | None = BUILD_TIMEOUT,
        **options: Unpack[arguments.ProjectOptions],
    ) -> AsyncProject:
        """Add a project, build its snapshot, and return it once it is ready.

        Parameters
        ----------
        url
            A Git URL, or a folder with a repository.
        wait
            False returns at once; :meth:`AsyncProject.wait_ready` waits later.
        timeout
            Seconds to wait for the build, which goes on after them; None waits without a limit.
        **options
            As for :meth:`Hub.add_project <agent_hub.notebook.client.Hub.add_project>`, which raises the same.
        """
        from agent_hub.models import Project as Data

        data = await self._transport.send("POST", "projects", Data, arguments.new_project(url, **options))
        project = self._project(data)
        return await project.wait_ready(timeout) if wait else project

    async def new_chat(
        self,
        project: AsyncProject | Project | str,
        prompt: str = "",
        *,
        inputs: Inputs | None = None,
        **options: Unpack[arguments.NewChatOptions],
    ) -> AsyncChat:
        """Start a chat, and return it at once; :meth:`AsyncChat.wait_ready` waits until its agent runs.

        Parameters
        ----------
        project
            A project, its name or its id.
        prompt
            What the agent is told first.
        inputs
            Values that the agent gets as files. With inputs, this waits until the chat runs.
        **options
            As for :meth:`Hub.new_chat <agent_hub.notebook.client.Hub.new_chat>`, which raises the same.
        """
        from agent_hub.models import Chat as Data

        body = arguments.new_chat(project if isinstance(project, str) else project.id, prompt, **options)
        if not inputs:
            return self._chat(await self._transport.create("chats", Data, body))
        with scratch() as folder:
            files = await in_thread(encode_all, inputs, folder)
            chat = self._chat(await self._transport.create("chats", Data, body | {"prompt": ""}))
            return await chat._begin(prompt, files)

    async def map(
        self,
        prompt: str,
        grid: Grid,
        *,
        project: AsyncProject | Project | str,
        concurrency: int = 4,
        **options: Unpack[arguments.NewChatOptions],
    ) -> AsyncRuns:
        """Start a chat for each combination of a grid, and return at once; see :meth:`Hub.map
        <agent_hub.notebook.client.Hub.map>`.

        ``async for chat in runs.as_completed()`` gives each as it ends.
        """
        from agent_hub.models import Run as Data

        made = await in_thread(tasks, prompt, grid)
        body = arguments.new_run(project if isinstance(project, str) else project.id, made, concurrency, **options)
        return self._runs(await self._transport.create("runs", Data, body))

    def _project(self, data: models.Project) -> AsyncProject:
        return AsyncProject(self._transport, Project(self._transport.sync, data))

    def _chat(self, data: models.Chat) -> AsyncChat:
        return AsyncChat(self._transport, Chat(self._transport.sync, data))

    def _runs(self, data: models.Run) -> AsyncRuns:
        return AsyncRuns(self._transport, Runs(self._transport.sync, data))

    def __repr__(self) -> str:
        return f"AsyncHub({self.url!r})" if self._open is not None else "AsyncHub(not connected)"

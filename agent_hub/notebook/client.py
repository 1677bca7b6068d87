"""The hub in a notebook: where everything begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from agent_hub.errors import AgentHubError
from agent_hub.notebook import arguments
from agent_hub.notebook.chat import Chat, Chats
from agent_hub.notebook.connections import Connections
from agent_hub.notebook.grid import Grid, tasks
from agent_hub.notebook.inputs import Inputs, encoded
from agent_hub.notebook.project import BUILD_TIMEOUT, Project, Projects
from agent_hub.notebook.proposal import Proposal
from agent_hub.notebook.record import bundle
from agent_hub.notebook.runs import AllRuns, Runs
from agent_hub.notebook.status import NOT_ISOLATED, HubStatus


class Hub:
    """The Agent Hub of a Jupyter server.

    Parameters
    ----------
    url
        The server's address, as Jupyter prints it. Without it, the server that this kernel belongs to, else one of this
        person's whose root folder holds the working directory.
    token
        The server's token, where `url` does not hold it.
    timeout
        Seconds that the server may take for one answer.

    Raises
    ------
    HubUnavailable
        No server with a hub was found; the hint names the fix.
    NotAllowed
        The server refuses the token.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout: float = 60.0) -> None:
        # Here, not above: the HTTP client and the models take longer to import than a notebook's first cell may.
        from agent_hub.models import Status
        from agent_hub.notebook.transport import connect

        self._transport, status = connect(url, token, timeout, Status)
        self._seen = HubStatus(self._transport.url, status)

    @property
    def url(self) -> str:
        """The server's base URL."""
        return self._transport.url

    @property
    def status(self) -> HubStatus:
        """What the hub runs on, now, and whether anything is isolated."""
        from agent_hub.models import Status

        self._seen = HubStatus(self.url, self._transport.read("status", Status))
        return self._seen

    @property
    def projects(self) -> Projects:
        """The projects, by id and by name."""
        return Projects(self._transport)

    @property
    def chats(self) -> Chats:
        """The chats, by id and by name."""
        return Chats(self._transport)

    @property
    def connections(self) -> Connections:
        """Whose accounts chats use: OpenAI and GitHub."""
        return Connections(self._transport)

    def propose(self, url: str | os.PathLike[str], *, branch: str = "") -> Proposal:
        """Read what a repository says it needs, and propose how a project of it is set up. Nothing of it runs.

        ``hub.add_project(url, base=proposal.base, setup=proposal.setup, gpus=proposal.gpus)`` takes it as it is.

        Parameters
        ----------
        url
            A Git URL, or a folder with a repository.
        branch
            The repository's default, where empty.

        Raises
        ------
        InvalidInput, GitError
            There is no such repository or branch, or it cannot be read.
        """
        from agent_hub.models import Proposal as Data

        body = {"url": arguments.repository(url), "branch": branch}
        return Proposal(self._transport.send("POST", "projects/propose", Data, body))

    def add_project(
        self,
        url: str | os.PathLike[str],
        *,
        name: str | None = None,
        branch: str = "",
        base: str = "",
        setup: str = "",
        agent: str | None = None,
        model: str | None = None,
        mounts: arguments.Mounts = (),
        env: arguments.Env | None = None,
        cpus: float | None = None,
        memory: str | float | None = None,
        pids: int | None = None,
        gpus: int | None = None,
        token_budget: int | None = None,
        chat_token_budget: int | None = None,
        wait: bool = True,
        timeout: float | None = BUILD_TIMEOUT,
        progress: bool = True,
    ) -> Project:
        """Add a project, build its snapshot, and return it once it is ready.

        Parameters
        ----------
        url
            A Git URL, or a folder with a repository.
        name
            The repository's own, where not given.
        branch
            The repository's default, where empty.
        base
            An image's tag, or a path in the repository to a Dockerfile or its folder; the hub's default, where empty.
        setup
            A shell script that prepares a copy of the repository.
        agent, model
            What its chats use, where they do not say.
        mounts
            ``"host:container[:ro|rw]"``, read-only unless ``rw``, or ``{"source", "target", "read_only"}``.
        env
            ``{"NAME": "value"}``, or a list of ``"NAME=value"`` and ``{"name", "value", "secret"}``.
        cpus, memory, pids, gpus
            What each chat may use; `memory` in bytes, or as ``"8g"``.
        token_budget, chat_token_budget
            Most tokens of a model that all its chats together, and each of them, may take; None: as many as they like.
        wait
            False returns at once; :meth:`Project.wait_ready` waits later.
        timeout
            Seconds to wait for the build, which goes on after them; None waits without a limit.
        progress
            Show how far the build is.

        Raises
        ------
        InvalidInput, Conflict, GitError
            What was asked for is refused; no project is left behind.
        BuildError, EngineError
            The build failed; the project is kept, to look at its log and to build it again.
        TimeoutError
            The build has not ended in time.
        """
        from agent_hub.models import Project as Data

        body = arguments.new_project(
            url,
            name=name,
            branch=branch,
            base=base,
            setup=setup,
            agent=agent,
            model=model,
            mounts=mounts,
            env=env,
            cpus=cpus,
            memory=memory,
            pids=pids,
            gpus=gpus,
            token_budget=token_budget,
            chat_token_budget=chat_token_budget,
        )
        project = Project(self._transport, self._transport.send("POST", "projects", Data, body))
        return project.wait_ready(timeout, progress) if wait else project

    def new_chat(
        self,
        project: Project | str,
        prompt: str = "",
        *,
        inputs: Inputs | None = None,
        ask_before: str | Sequence[str] = (),
        name: str | None = None,
        agent: str | None = None,
        model: str | None = None,
        mounts: arguments.Mounts = (),
        env: arguments.Env | None = None,
        cpus: float | None = None,
        memory: str | float | None = None,
        pids: int | None = None,
        gpus: int | None = None,
        token_budget: int | None = None,
    ) -> Chat:
        """Start a chat, and return it at once; :meth:`Chat.wait_ready` waits until its agent runs.

        Parameters
        ----------
        project
            A project, its name or its id.
        prompt
            What the agent is told first.
        inputs
            Values of the notebook, by name, that the agent gets as files in ``inputs/``: frames as Parquet, arrays as
            ``.npy``, text, numbers, lists and dicts as JSON, bytes and files (a :class:`~pathlib.Path`) as they are,
            and anything else as a pickle where that is asked for: ``{"m": agent_hub.Pickle(model)}``. The prompt says
            what there is. With inputs, this waits until the chat runs.
        name
            Taken from the prompt, where not given.
        agent, model
            The project's, where not given.
        mounts, env
            As for :meth:`add_project`; added to the project's.
        ask_before
            Commands, by their first words, such as ``"git push"``, that the agent asks about before it runs them; with
            any, also about what it takes for dangerous itself. :attr:`Turn.approvals` has what it asks.
        cpus, memory, pids, gpus
            What the chat may use; the project's, where not given.
        token_budget
            Most tokens of a model that it may take; the project's `chat_token_budget`, where not given.

        Raises
        ------
        InvalidInput, NotFound
            What was asked for is refused; no chat is left behind.
        NotSerialisable, MissingPackage
            An input cannot be handed over; no chat is left behind.
        """
        from agent_hub.models import Chat as Data

        body = arguments.new_chat(
            project.id if isinstance(project, Project) else project,
            prompt,
            name=name,
            agent=agent,
            model=model,
            ask_before=ask_before,
            mounts=mounts,
            env=env,
            cpus=cpus,
            memory=memory,
            pids=pids,
            gpus=gpus,
            token_budget=token_budget,
        )
        with encoded(inputs or {}) as files:
            if not files:
                return Chat(self._transport, self._transport.create("chats", Data, body))
            body["prompt"] = ""
            return Chat(self._transport, self._transport.create("chats", Data, body))._begin(prompt, files)

    @property
    def runs(self) -> AllRuns:
        """What :meth:`map` has begun, by name and by id."""
        return AllRuns(self._transport)

    def map(
        self,
        prompt: str,
        grid: Grid,
        *,
        project: Project | str,
        name: str | None = None,
        concurrency: int = 4,
        ask_before: Sequence[str] = (),
        agent: str | None = None,
        model: str | None = None,
        mounts: arguments.Mounts = (),
        env: arguments.Env | None = None,
        cpus: float | None = None,
        memory: str | float | None = None,
        pids: int | None = None,
        gpus: int | None = None,
        token_budget: int | None = None,
    ) -> Runs:
        """Start a chat for each combination of a grid, and return at once: ``runs.wait().results()`` is a table.

        The hub begins them one after the other, also while this kernel or the server is away. Each is stopped once it
        has done what it was asked for.

        Parameters
        ----------
        prompt
            What each is told, with the names of the grid in braces, as for :meth:`str.format`: ``"Train with {lr:g}"``.
        grid
            ``{"lr": [0.1, 0.01], "seed": range(3)}`` for every combination of these, or a list of dicts or a DataFrame
            for a chat of each row.
        project
            A project, its name or its id.
        name
            What ``hub.runs`` knows it by; the next of ``run-1``, ``run-2``…, where not given.
        concurrency
            How many work at once, at most.
        ask_before, agent, model, mounts, env, cpus, memory, pids, gpus, token_budget
            For each of them, as for :meth:`new_chat`.

        Raises
        ------
        InvalidInput
            Prompt and grid do not fit each other; nothing is started.
        Conflict
            There is a run of that name.
        NotFound
            There is no such project.
        """
        from agent_hub.models import Run

        body = arguments.new_run(
            project.id if isinstance(project, Project) else project,
            tasks(prompt, grid),
            concurrency,
            ask_before=ask_before,
            name=name,
            agent=agent,
            model=model,
            mounts=mounts,
            env=env,
            cpus=cpus,
            memory=memory,
            pids=pids,
            gpus=gpus,
            token_budget=token_budget,
        )
        return Runs(self._transport, self._transport.create("runs", Run, body))

    def __repr__(self) -> str:
        text = f"Hub({self.url!r}, engine={self._seen.engine!r})"
        return text if self._seen.isolated else f"{text}\n{NOT_ISOLATED}"

    def _repr_html_(self) -> str:
        return self._seen._repr_html_()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            status, projects, chats = self.status, self.projects, self.chats
            html = f"{status._repr_html_()}{projects._repr_html_()}{chats._repr_html_()}"
            return bundle(f"{self!r}\n{projects!r}\n{chats!r}", html)
        except AgentHubError as error:
            return bundle(repr(self), self._repr_html_(), error.message)

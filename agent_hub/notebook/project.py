"""A project in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, Conflict
from agent_hub.notebook import arguments, display
from agent_hub.notebook.mapping import ByName
from agent_hub.notebook.polling import poll
from agent_hub.notebook.progress import percent, progress_of
from agent_hub.notebook.record import Record

if TYPE_CHECKING:
    from agent_hub import models
    from agent_hub.notebook.transport import Transport

BUILD_TIMEOUT = 3600.0


class Project(Record["models.Project"]):
    """A Git repository, and how its chats are set up. Made by :meth:`Hub.add_project`."""

    _collection = "projects"

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self._data.name

    @property
    def url(self) -> str:
        """The repository."""
        return self._data.url

    @property
    def status(self) -> str:
        """How its newest build is, now: queued, cloning, building, ready, failed or cancelled."""
        return build_status(self.refresh()._data)

    @property
    def snapshot(self) -> models.Snapshot | None:
        """The image that its chats start from, and what it was made from; None before the first build is ready."""
        return self.refresh()._data.snapshot

    def build_log(self) -> str:
        """All that the newest build has printed so far."""
        return self._transport.text(f"{self._path}/build/log")

    def rebuild(
        self,
        *,
        force: bool = False,
        branch: str | None = None,
        base: str | None = None,
        setup: str | None = None,
        mounts: arguments.Mounts | None = None,
        env: arguments.Env | None = None,
        wait: bool = True,
        timeout: float | None = BUILD_TIMEOUT,
        progress: bool = True,
    ) -> Project:
        """Build the snapshot again, from the repository as it is now; what is given changes first.

        Parameters
        ----------
        force
            Build even where a snapshot of the same inputs exists.
        wait, timeout, progress
            As for :meth:`wait_ready`.
        """
        from agent_hub.models import Build

        if change := changes(branch, base, setup, mounts, env):
            self._send("PATCH", self._path, **change)
        self._transport.send("POST", f"{self._path}/build", Build, {"force": force})
        return self.wait_ready(timeout, progress) if wait else self.refresh()

    def wait_ready(self, timeout: float | None = BUILD_TIMEOUT, progress: bool = True) -> Project:
        """Wait until the newest build has ended, and return the project.

        Parameters
        ----------
        timeout
            Seconds; None waits without a limit.
        progress
            Show how far the build is.

        Raises
        ------
        BuildError, GitError, InvalidBase, EngineError
            What the build failed with; its ``details`` hold the exit code and the last lines.
        Conflict
            The build was cancelled.
        TimeoutError
            It has not ended in time; it goes on.
        """
        shown = progress_of(self.name, progress)
        again = f"hub.projects[{self.name!r}].wait_ready()"
        try:
            looks = poll(
                self.refresh, timeout, f"The build of {self.name!r} has not ended", f"It goes on: {again} waits again."
            )
            for _ in looks:
                build = self._data.build
                if build is None:
                    raise Conflict(f"{self.name!r} has never been built.", "Build it with project.rebuild().")
                shown.show(build)
                if build.state.ended:
                    break
        except KeyboardInterrupt:
            shown.leave(f"The build of {self.name!r} goes on. To wait for it again: {again}")
            raise
        self._raise_failure()
        return self

    @property
    def tokens(self) -> int:
        """Tokens that a model has counted for all its chats, deleted ones too, by way of the hub's gateway."""
        return self.refresh()._data.tokens

    @property
    def token_budget(self) -> int | None:
        """Most tokens that all its chats together may take; None: as many as they like."""
        return self.refresh()._data.token_budget

    def set_token_budget(self, most: int | None) -> Project:
        """Let all its chats together take at most that many tokens; None: as many as they like."""
        self._send("PATCH", self._path, token_budget=arguments.plain(most))
        return self

    def delete(self, *, force: bool = False) -> None:
        """Delete the project and the hub's clone of it.

        Raises
        ------
        Conflict
            It has chats, and `force`, which deletes them with all their work, is not set.
        """
        self._transport.delete(self._path, force=force)

    def _raise_failure(self) -> None:
        if error := failure(self._data):
            raise error

    def __repr__(self) -> str:
        return f"Project({self.name!r}, {_state(self._data)}, {self.url!r})"

    def _repr_html_(self) -> str:
        data = self._data
        build = data.build
        return display.card(
            data.name,
            [
                ("Status", display.status(build_status(data), _progress(build))),
                ("Repository", data.url + (f" ({data.branch})" if data.branch else "")),
                ("Base", data.base),
                ("Setup", display.code(data.setup) if data.setup else ""),
                ("Snapshot", display.code(data.snapshot.image) if data.snapshot else ""),
                ("Error", f"{build.error.message} {build.error.hint}" if build and build.error else ""),
                ("Id", display.code(data.id)),
            ],
        )


class Projects(ByName[Project]):
    """The hub's projects."""

    noun = "project"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _fetch(self) -> list[Project]:
        from agent_hub.models import Project as Data

        return [Project(self._transport, data) for data in self._transport.read_all("projects", Data)]

    def _html(self, found: list[Project]) -> str:
        rows = [
            (
                project.name,
                display.status(build_status(project._data), _progress(project._data.build)),
                project.url,
                display.code(project.id),
            )
            for project in found
        ]
        return display.table(
            ("Project", "Status", "Repository", "Id"), rows, "No projects yet: hub.add_project(url) adds one."
        )


def changes(
    branch: str | None,
    base: str | None,
    setup: str | None,
    mounts: arguments.Mounts | None,
    env: arguments.Env | None,
) -> dict[str, Any]:
    """What of a project is to be different, as the API takes it."""
    change: dict[str, Any] = {"branch": branch, "base": base, "setup": setup}
    change["mounts"] = None if mounts is None else arguments.mounts(mounts)
    change["env"] = None if env is None else arguments.env(env)
    return {name: value for name, value in change.items() if value is not None}


def failure(data: models.Project) -> AgentHubError | None:
    """Why the newest build of a project did not end well."""
    build = data.build
    if build is None or build.state.value == "ready":
        return None
    kept = f"The project is kept. With project = hub.projects[{data.name!r}]: project.build_log() has the whole "
    kept += "log, project.rebuild(setup=…) tries again, project.delete() removes it."
    if build.error is None:
        return Conflict(f"The build of {data.name!r} was cancelled.", "Build it again with project.rebuild().")
    error = AgentHubError.from_dict(build.error.model_dump())
    step = next((step for step in build.steps if step.state.value == "failed"), None)
    if step is not None:
        code = step.exit_code if step.exit_code is not None else error.details.get("exit_code")
        error.add_note(f"Step: {step.name}" + (f", exit code {code}" if code is not None else ""))
    tail = error.details.get("tail") or []
    if tail:
        error.add_note("\n".join(["Last lines:", *(f"  {line}" for line in tail)]))
    error.add_note(kept)
    return error


def build_status(data: models.Project) -> str:
    """How the newest build of a project is."""
    return data.build.state.value if data.build else "not built"


def _progress(build: models.Build | None) -> str:
    return f"{percent(build)}%" if build and not build.state.ended else ""


def _state(data: models.Project) -> str:
    return f"{build_status(data)} {_progress(data.build)}".strip()

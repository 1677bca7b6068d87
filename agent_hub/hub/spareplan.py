"""Which projects are to have chats prepared ahead, made of what settings, and which lack one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from agent_hub.hub.folders import Folders
from agent_hub.hub.store import Store
from agent_hub.models import Chat, Project, Spare

MOST = 16
"""Spares of all projects together; those of the projects that were used last are kept."""

FAILURES = 3
"""Spares of a project that may fail one after another, before none is tried until it changes or gets a new chat."""


class SparePlan:
    """What there should be, by what the store says of the projects; it makes and removes nothing itself.

    Parameters
    ----------
    count
        Spares of each project, one at least.
    agents
        Those whose chats can be prepared ahead.
    """

    def __init__(self, store: Store, folders: Folders, count: int, agents: Collection[str]) -> None:
        self._store = store
        self._folders = folders
        self._count = count
        self._agents = agents
        self._used: dict[str, int] = {}
        self._failures: dict[str, tuple[str, int]] = {}
        self._leaving: set[str] = set()

    # -- what happened

    def used(self, project_id: str) -> bool:
        """A chat of the project was asked for: it is the last one used. Returns whether spares of it had failed.

        They are tried again: what stood in the way may be gone by now, as a full disk is.
        """
        self._used[project_id] = max(self._used.values(), default=0) + 1
        return self._failures.pop(project_id, None) is not None

    def made(self, project_id: str) -> None:
        """A spare of the project has become ready."""
        self._failures.pop(project_id, None)

    def failed(self, project: Project) -> None:
        """A spare of the project has not."""
        key = _settings(self.template("", project))
        known, failures = self._failures.get(project.id, (key, 0))
        self._failures[project.id] = (key, failures + 1 if known == key else 1)

    def retry(self) -> None:
        """What made spares fail may be over."""
        self._failures.clear()

    def leave(self, project_id: str) -> None:
        """The project is being deleted, and gets no more."""
        self._leaving.add(project_id)

    def readmit(self, project_id: str) -> None:
        """It could not be deleted."""
        self._leaving.discard(project_id)

    # -- what follows from it

    def next_project(self, ready: Iterable[Spare]) -> Project | None:
        """The project, of those used last, that lacks a spare."""
        numbers = Counter(spare.chat.project for spare in ready)
        recent = sorted(
            (project for project in self._store.projects if self._may_have_spares(project)),
            key=lambda project: self._used.get(project.id, 0),
            reverse=True,
        )
        for project in recent[: self._projects]:
            # What is being built may make a spare of today's snapshot outdated at once.
            built = project.build is None or project.build.state.ended
            if built and numbers[project.id] < self._count and not self._has_failed(project):
                return project
        return None

    def outdated(self, ready: Iterable[Spare]) -> list[str]:
        """The ids of those that no chat would get any more, and of those of projects not used for long."""
        ready = list(ready)
        fresh = [spare for spare in ready if self._is_fresh(spare)]
        projects = dict.fromkeys(spare.chat.project for spare in fresh)
        by_use = sorted(projects, key=lambda id: self._used.get(id, 0), reverse=True)
        kept = {spare.id for spare in fresh if spare.chat.project in by_use[: self._projects]}
        return [spare.id for spare in ready if spare.id not in kept]

    def template(self, id: str, project: Project) -> Chat:
        """The chat that a spare is prepared as: what the project's settings make of a request for nothing special."""
        assert project.snapshot is not None
        return Chat(
            id=id,
            project=project.id,
            name="Spare",
            agent=project.agent,
            model=project.model,
            mounts=project.mounts,
            env=project.env,
            resources=project.resources,
            image=project.snapshot.image,
            commit=project.snapshot.commit,
            workspace=str(self._folders.workspace(id)) if id else "",
        )

    @property
    def _projects(self) -> int:
        return MOST // self._count or 1

    def _may_have_spares(self, project: Project) -> bool:
        return (
            project.snapshot is not None
            and project.agent in self._agents
            and not project.resources.gpus
            and project.id not in self._leaving
        )

    def _is_fresh(self, spare: Spare) -> bool:
        project = self._store.projects.items.get(spare.chat.project)
        return (
            project is not None
            and self._may_have_spares(project)
            and spare.branch == project.branch
            and _settings(spare.chat) == _settings(self.template("", project))
        )

    def _has_failed(self, project: Project) -> bool:
        key, failures = self._failures.get(project.id, ("", 0))
        return failures >= FAILURES and key == _settings(self.template("", project))


def _settings(chat: Chat) -> str:
    """What a spare was made from, to be compared with what one would be made from now."""
    return chat.model_copy(update={"id": "", "workspace": ""}).model_dump_json(exclude={"created_at"})

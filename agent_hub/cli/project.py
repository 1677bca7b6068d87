"""The project that a person means by a folder or a URL: one that the hub has, or a new one, built either way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from agent_hub.cli.checkout import Checkout
from agent_hub.cli.options import Wanted, at
from agent_hub.cli.say import say
from agent_hub.errors import AgentHubError, Conflict, InvalidBase, InvalidInput, InvalidRepository
from agent_hub.models import Build, BuildState, Project, Status
from agent_hub.notebook.polling import poll
from agent_hub.notebook.progress import Lines
from agent_hub.notebook.transport import Transport, part


class Source:
    """A folder of this machine, or a URL.

    Parameters
    ----------
    text
        As it was written: a path within a repository means the repository.

    Raises
    ------
    InvalidRepository
        It is neither.
    """

    def __init__(self, text: str) -> None:
        path = at(text)
        self.checkout = Checkout.at(path) if _is_there(path) else None
        # An absolute path may be one of the server's machine.
        if self.checkout is None and not path.is_absolute() and ":" not in text:
            raise InvalidRepository(
                f"There is no folder {text!r} here, and it is no Git URL.",
                "Check the path, or give a URL such as https://host/owner/name.git. `agent_cli ls` lists the projects "
                "that there are already.",
            )
        self.url = str(self.checkout.folder) if self.checkout is not None else text

    def warn(self) -> None:
        """Say what of the folder is not in the chat."""
        if self.checkout is not None and self.checkout.changed:
            files = "1 file is" if self.checkout.changed == 1 else f"{self.checkout.changed} files are"
            say(f"{files} changed and not committed in {self.checkout.folder}: the chat has what is committed alone")

    def base(self, given: str) -> str:
        """A base as the hub takes it: what is a path in the working tree, as a path in the repository."""
        path = at(given)
        if not _is_there(path):
            return given
        real = path.resolve()
        if self.checkout is None or not real.is_relative_to(self.checkout.folder.resolve()):
            raise InvalidBase(
                f"{given} is not in the repository, of which the snapshot is made.",
                f"Commit it there, or build it yourself: docker build -t NAME {given}, and give --base NAME.",
                field="base",
            )
        return str(real.relative_to(self.checkout.folder.resolve()))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def known(hub: Transport, key: str) -> Project | None:
    """The project of that id or name; ``None`` where there is none, so that it may be a folder or a URL."""
    projects = hub.read_all("projects", Project)
    same = [project for project in projects if project.id == key] or [one for one in projects if one.name == key]
    return same[0] if same else None


class Projects:
    """A hub's projects, as the command line looks for them."""

    def __init__(self, hub: Transport, source: Source, wanted: Wanted) -> None:
        self._hub = hub
        self._source = source
        self._wanted = wanted
        self._asked: dict[str, str] = {}
        if wanted.base is not None:
            self._asked["base"] = source.base(wanted.base)
        if (setup := wanted.setup) is not None:
            self._asked["setup"] = setup
        if wanted.branch is not None:
            self._asked["branch"] = wanted.branch

    def of_the_source(self) -> list[Project]:
        """Those of this repository, the one that was built last first."""
        url = os.path.realpath(self._source.url) if self._source.checkout is not None else self._source.url
        found = [project for project in self._hub.read_all("projects", Project) if _same(project.url, url)]
        return sorted(found, key=lambda project: _built(project), reverse=True)

    def ready(self) -> Project:
        """The project, built of the repository as it is now.

        Raises
        ------
        AgentHubError
            What the build failed with.
        """
        self._check_agent()
        for project in self.of_the_source():
            if all(_value(getattr(project, name)) == _value(text) for name, text in self._asked.items()):
                built = self._build(project)
                if self._begins_where_the_checkout_is(built):
                    return built
        return self._wait(self._add())

    def _check_agent(self) -> None:
        """Raise where the hub knows no such agent, which it would say once the snapshot is built."""
        if (name := self._wanted.agent) is None:
            return
        known = [agent.name for agent in self._hub.read("status", Status).agents]
        if name not in known:
            raise InvalidInput(f"There is no agent {name!r}.", f"Choose one of: {', '.join(sorted(known))}.")

    def _begins_where_the_checkout_is(self, project: Project) -> bool:
        checkout = self._source.checkout
        if checkout is None or not checkout.branch or "branch" in self._asked:
            return True
        return project.branch == checkout.branch or _commit(project) == checkout.head

    def _add(self) -> Project:
        body: dict[str, Any] = {"url": self._source.url, **self._asked}
        checkout = self._source.checkout
        others = self.of_the_source()
        if checkout is not None and checkout.branch and "branch" not in self._asked and others:
            # The branch that the hub's clone follows is another one, or may be soon.
            body["branch"] = checkout.branch
        if self._wanted.agent is not None:
            body["agent"] = self._wanted.agent
        if self._asked.get("setup"):
            # A setup script sees what the project has, and no chat's.
            settings = self._wanted.settings()
            body |= {"mounts": settings["mounts"], "env": settings["env"]}
        if self._wanted.snapshot_image_tag is not None:
            body["image_tag"] = self._wanted.snapshot_image_tag
        project = self._hub.send("POST", "projects", Project, body)
        say(f"added {project.url} as the project {project.name!r}")
        return project

    def _build(self, project: Project) -> Project:
        """The project, of the repository as it is now."""
        build, checkout = project.build, self._source.checkout
        is_now = checkout is not None and build is not None and build.commit == checkout.head
        if build is None or (build.state.ended and not (is_now and build.state.value == "ready")):
            try:
                self._hub.send("POST", f"projects/{part(project.id)}/build", Build, {})
            except Conflict:
                # Somebody else builds it.
                say(f"{project.name}: it is being built already")
        return self._wait(project)

    def _wait(self, project: Project) -> Project:
        """The project once its newest build has ended; each step is told as it begins."""
        path, shown = f"projects/{part(project.id)}", Lines(f"agent_cli: {project.name}")
        looks = poll(lambda: self._hub.read(path, Project), None, "The build has not ended", "It goes on.")
        for found in looks:
            build = found.build
            if build is None:
                break
            shown.show(build)
            if not build.state.ended:
                continue
            if build.error is not None:
                raise AgentHubError.from_dict(build.error.model_dump())
            if build.state is not BuildState.ready:
                raise Conflict("The build was cancelled.", "Try again.")
            return found
        raise Conflict(f"{project.name!r} has never been built.", "Try again.")


def _commit(project: Project) -> str:
    return project.build.commit if project.build is not None else ""


def _value(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _same(url: str, wanted: str) -> bool:
    return url == wanted or (os.path.isabs(url) and os.path.realpath(url) == wanted)


def _built(project: Project) -> float:
    moment = project.build.created_at if project.build is not None else project.created_at
    return moment.timestamp()

"""Builds: which run, which wait, how far each is, and how it ended."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from weakref import WeakValueDictionary

from agent_hub.agents.base import Agent
from agent_hub.agents.codex_binary import CODEX_VERSION
from agent_hub.engines.base import Engine
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import AgentHubError, Conflict, StorageFull
from agent_hub.hub.buildlog import BATCH, BuildLog, read_log
from agent_hub.hub.folders import Folders
from agent_hub.hub.git import GitAccess
from agent_hub.hub.limits import ContainerLimits
from agent_hub.hub.mount_sources import MountSources
from agent_hub.hub.snapshots import SETUP_LABEL, SnapshotBuild
from agent_hub.hub.store import Store
from agent_hub.hub.workspaces import Repository
from agent_hub.models import (
    Build,
    BuildState,
    BuildStep,
    ErrorBody,
    LogLine,
    Project,
    Snapshot,
    StepState,
    now,
)

logger = logging.getLogger(__name__)

STEPS = ("Clone repository", "Base image", "Agent layer", "Setup script", "Check", "Save snapshot")

WEIGHTS = {
    "Clone repository": 15,
    "Base image": 20,
    "Agent layer": 20,
    "Setup script": 35,
    "Check": 2,
    "Save snapshot": 8,
}
"""How much of a build's progress each step stands for, in percent."""


class Builds:
    """Every project's newest build.

    Builds of different projects run side by side, `parallel` at most; a project builds one at a time.
    """

    def __init__(
        self,
        store: Store,
        folders: Folders,
        engine: Engine,
        agents: dict[str, Agent],
        default_base: str,
        setup_timeout: float,
        access: GitAccess,
        sources: MountSources,
        limits: ContainerLimits,
        parallel: int = 2,
    ) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._agents = agents
        self._default_base = default_base
        self._setup_timeout = setup_timeout
        self._access = access
        self._sources = sources
        self._limits = limits
        self._room = asyncio.Semaphore(parallel)
        # Each for as long as a build holds it, or waits for it.
        self._same_image: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._logs: dict[str, BuildLog] = {}
        self._ended = asyncio.Condition()
        self._closing = False

    async def queue(self, project_id: str, force: bool = False) -> Build:
        """Build a project's snapshot. Raises :class:`~agent_hub.errors.Conflict` where a build runs already."""
        project = self._store.projects[project_id]
        running = self._tasks.get(project_id)
        if running is not None:
            if project.build is None or not project.build.state.ended:
                raise Conflict("This project is being built.", "Wait for it, or cancel it first.")
            # Everybody has seen it end; it only tidies up.
            await asyncio.wait([running])
            return await self.queue(project_id, force)
        number = project.build.number + 1 if project.build else 1
        build = Build(
            id=f"{project_id}-{number}",
            project=project_id,
            number=number,
            steps=tuple(BuildStep(name=name) for name in STEPS),
        )
        secrets = [variable.value for variable in project.env if variable.secret and variable.value]
        self._logs[project_id] = BuildLog(self._folders.build_log(project_id, number), secrets)
        self._tasks[project_id] = asyncio.create_task(self._run(project_id, force))
        await self._store.projects.change(project_id, build=build)
        return build

    async def cancel(self, project_id: str) -> Build:
        """Cancel a project's build and wait until it has ended."""
        task = self._tasks.get(project_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        build = self._store.projects[project_id].build
        if build is None:
            raise Conflict("This project has never been built.", "Build it first.")
        return build

    async def snapshot(self, project_id: str) -> Snapshot:
        """The project's snapshot, once the build that runs now has ended; raises what the build failed with."""
        async with self._ended:
            while project_id in self._tasks:
                await self._ended.wait()
        project = self._store.projects[project_id]
        if project.snapshot is not None:
            return project.snapshot
        error = project.build.error if project.build else None
        if error is not None:
            raise AgentHubError.from_dict(error.model_dump())
        raise Conflict("The project has no snapshot: its build was cancelled.", "Build the project, then try again.")

    def is_building(self, project_id: str) -> bool:
        """Whether a build of the project runs or waits."""
        return project_id in self._tasks

    async def again(self, project_id: str) -> None:
        """Build a project whose image is gone from the engine; joins the build that runs."""
        if not self.is_building(project_id):
            await self.queue(project_id)

    async def log(self, project_id: str) -> AsyncIterator[tuple[int, list[LogLine]]]:
        """The newest build's log from its first line on, as batches of (number of the first line, lines)."""
        live = self._logs.get(project_id)
        if live is not None:
            async for batch in live.follow():
                yield batch
            return
        build = self._store.projects[project_id].build
        if build is None:
            return
        lines = await asyncio.to_thread(read_log, self._folders.build_log(project_id, build.number))
        for start in range(0, len(lines), BATCH):
            yield start, lines[start : start + BATCH]

    async def reconcile(self) -> None:
        """Remove the containers of setup scripts that no build watches: a crash, or a lost engine, left them."""
        for handle in await self._engine.list({"agent-hub.hub": self._store.hub_id}):
            if SETUP_LABEL in handle.labels and handle.labels[SETUP_LABEL] not in self._tasks:
                await self._engine.remove(handle)

    async def resume(self) -> None:
        """Build again what a stop of the server cut off, or kept from beginning."""
        for project in self._store.projects:
            if project.id not in self._tasks and (project.build is None or not project.build.state.ended):
                await self.queue(project.id)

    async def close(self) -> None:
        """Stop every build; each is taken up again at the next start."""
        tasks = list(self._tasks.values())
        self._closing = True
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- one build

    async def _run(self, project_id: str, force: bool) -> None:
        log = self._logs[project_id]
        try:
            async with self._room:
                snapshot = await self._build(project_id, force, log)
            await self._finish(project_id, BuildState.ready, snapshot=snapshot)
        except asyncio.CancelledError:
            if not self._closing:
                log.write("Cancelled.")
                await self._finish(project_id, BuildState.cancelled)
        except AgentHubError as error:
            await self._fail(project_id, error, log)
        except OSError as error:
            await self._fail(project_id, StorageFull.from_os_error(error), log)
        finally:
            log.close()
            del self._logs[project_id], self._tasks[project_id]
            with suppress(OSError):
                await asyncio.to_thread(remove_tree, self._folders.scratch(project_id))
            async with self._ended:
                self._ended.notify_all()

    async def _build(self, project_id: str, force: bool, log: BuildLog) -> Snapshot:
        project = self._store.projects[project_id]
        base = project.base or self._default_base
        await self._change(project_id, state=BuildState.cloning, started_at=now(), branch=project.branch, base=base)
        repository = Repository(self._folders.repository(project_id), project.url, project.branch, self._access)
        await self._begin(project_id, "Clone repository", project.url, log)
        commit = await repository.refresh(log.write)
        scratch = self._folders.scratch(project_id)
        await asyncio.to_thread(remove_tree, scratch)
        os.makedirs(scratch)
        await repository.check_out(scratch / "source")
        log.write(f"At commit {commit[:12]}." if commit else "The repository has no commit yet.")
        await self._change(project_id, state=BuildState.building, commit=commit)
        making = SnapshotBuild(
            engine=self._engine,
            project=project,
            checkout=scratch / "source",
            objects=repository.shared_mount(),
            commit=commit,
            sources=self._sources,
            limits=self._limits,
            cache=self._folders.cache,
            scratch=scratch,
            default_base=self._default_base,
            force=force,
            setup_timeout=self._setup_timeout,
            hub_id=self._store.hub_id,
            on_line=log.write,
        )
        await self._begin(project_id, "Base image", base, log)
        image, cached = await making.base()
        await self._begin(project_id, "Agent layer", f"Codex {CODEX_VERSION}, git", log, was_cached=cached)
        layer, cached = await making.layer(image)
        found = await making.found()
        # Two projects of the same inputs at once: the second waits, and then finds the first one's image.
        async with self._same_image.setdefault(making.ref, asyncio.Lock()):
            found = found or await making.found()
            if found is not None:
                log.write(f"A snapshot of the same inputs is here already: {making.ref}.")
                await self._change(project_id, image=making.ref)
                await self._cache_rest(project_id, cached)
                return making.snapshot()

            async def step(name: str) -> None:
                nonlocal cached
                detail = _setup_detail(project) if name == "Setup script" else ""
                await self._begin(project_id, name, detail, log, was_cached=cached)
                cached = False

            await making.setup(layer, step, project.agent)
        await self._change(project_id, image=making.ref)
        return making.snapshot()

    async def _begin(self, project_id: str, name: str, detail: str, log: BuildLog, was_cached: bool = False) -> None:
        """End the step that runs, as cached or not, and begin the one of that name."""
        moment = now()
        log.step = STEPS.index(name) + 1

        def change(build: Build) -> Build:
            steps = [
                _end(step, StepState.done, moment, was_cached) if step.state is StepState.running else step
                for step in build.steps
            ]
            index = STEPS.index(name)
            steps[index] = steps[index].model_copy(
                update={"state": StepState.running, "started_at": moment, "detail": detail}
            )
            return build.model_copy(update={"steps": tuple(steps), "progress": _progress(steps)})

        await self._change_build(project_id, change)

    async def _cache_rest(self, project_id: str, layer_was_cached: bool) -> None:
        """The snapshot was there: every step not yet run is done, from the cache."""
        moment = now()

        def change(build: Build) -> Build:
            steps = tuple(
                _end(step, StepState.done, moment, layer_was_cached)
                if step.state is StepState.running
                else _end(step, StepState.done, moment, True)
                if step.state is StepState.pending
                else step
                for step in build.steps
            )
            return build.model_copy(update={"steps": steps})

        await self._change_build(project_id, change)

    async def _fail(self, project_id: str, error: AgentHubError, log: BuildLog) -> None:
        details = {"step": log.step, "tail": log.tail()} | error.details
        body = ErrorBody.model_validate(error.to_dict() | {"details": details})
        log.write(f"{error.message} {error.hint}".strip())
        logger.info("Build of project %s failed: %s", project_id, error.message)
        await self._finish(project_id, BuildState.failed, error=body)

    async def _finish(
        self, project_id: str, state: BuildState, snapshot: Snapshot | None = None, error: ErrorBody | None = None
    ) -> None:
        moment = now()
        outcome = {
            BuildState.ready: StepState.done,
            BuildState.failed: StepState.failed,
            BuildState.cancelled: StepState.cancelled,
        }[state]
        exit_code = (error.details.get("exit_code") if error else None) or None

        def change(project: Project) -> Project:
            assert project.build is not None
            steps = tuple(
                _end(step, outcome, moment, False).model_copy(update={"exit_code": exit_code})
                if step.state is StepState.running
                else step
                for step in project.build.steps
            )
            update = {"state": state, "steps": steps, "ended_at": moment, "error": error, "progress": _progress(steps)}
            build = project.build.model_copy(update=update)
            return project.model_copy(update={"build": build, "snapshot": snapshot or project.snapshot})

        if project_id in self._store.projects:
            await self._store.projects.observe(project_id, change)

    async def _change(self, project_id: str, **update: object) -> None:
        await self._change_build(project_id, lambda build: build.model_copy(update=update))

    async def _change_build(self, project_id: str, change: Callable[[Build], Build]) -> None:
        """Replace the newest build by a changed one, with no other change of its project in between."""

        def apply(project: Project) -> Project:
            assert project.build is not None
            return project.model_copy(update={"build": change(project.build)})

        await self._store.projects.change(project_id, apply)


def _end(step: BuildStep, state: StepState, moment: datetime, cached: bool) -> BuildStep:
    return step.model_copy(update={"state": state, "ended_at": moment, "cached": cached})


def _progress(steps: tuple[BuildStep, ...] | list[BuildStep]) -> float:
    return sum(WEIGHTS[step.name] for step in steps if step.state is StepState.done) / 100


def _setup_detail(project: Project) -> str:
    lines = [line for line in project.setup.strip().splitlines() if line.strip()]
    if not lines:
        return "none"
    return lines[0] if len(lines) == 1 else f"{lines[0]} (and {len(lines) - 1} more lines)"

"""Containers on a Docker engine, or one that speaks its API (Podman), on this machine or another.

Everything of a container's life is asked on the event loop: what the engine answers at once on connections that stay
open, all that waits or streams (attach, wait, exec, stop, events, pull, build, commit) on one of its own. No thread is
held, a stop never waits behind a pull, and a cancelled build is one whose connection is closed. The docker SDK reads
Docker's configuration, and asks what is asked rarely.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import docker
import docker.utils

from agent_hub.engines import docker_buildkit, docker_findings, docker_images, docker_network, docker_runtime
from agent_hub.engines.base import (
    BuildSpec,
    ContainerSpec,
    ContainerStatus,
    Engine,
    Executed,
    Handle,
    Image,
    LogSink,
    OutputSink,
    Stream,
)
from agent_hub.engines.docker_callback import callback_address
from agent_hub.engines.docker_connection import CALL_TIMEOUT, DockerConnection
from agent_hub.engines.docker_containers import create_body, given_labels, status_of
from agent_hub.engines.docker_errors import typed_errors
from agent_hub.engines.docker_execution import Execution
from agent_hub.engines.docker_own_container import OwnContainer, find_own_container
from agent_hub.engines.gpus import local_gpus
from agent_hub.engines.http import Answer
from agent_hub.engines.output import OUTPUT_KEPT, LineSplitter
from agent_hub.errors import AgentHubError, Conflict, ContainerLost, EngineError, EngineUnavailable
from agent_hub.models import EngineStatus, Node
from agent_hub.models.findings import Finding

VERIFY_TIMEOUT = 20.0
"""Seconds the engine gets to end a container that it said it ended."""

FIRST_CHECK = 2.0
"""Seconds after which a wait that the engine has not answered looks for itself."""

RECHECK = 60.0
"""Seconds after which a wait looks again: an engine can lose the end of a container that it was told to forget."""


NO_DETACH_KEYS = b",".join([b"\xff"] * 8)
"""Bytes that no terminal sends: the first of them is held back until the next.

Docker's own, Ctrl-P Ctrl-Q, would end an attach, and delay every Ctrl-P.
"""


class DockerEngine(Engine):
    """A Docker engine.

    Parameters
    ----------
    base_url
        Where it listens, as in ``DOCKER_HOST``. By default that variable, with ``DOCKER_TLS_VERIFY`` and
        ``DOCKER_CERT_PATH`` as Docker's own command reads them, else the local socket.
    timeout
        Seconds that it gets to answer what it answers at once.
    runtime
        Of every container that is made, as the engine knows it; empty for the engine's own default. An engine that does
        not have it counts as one that cannot be reached.
    network
        That containers are on; see :class:`~agent_hub.engines.docker_network.ContainerNetwork`. Empty for one of the
        hub's, or Docker's own bridge where the `runtime` has a kernel of its own: gVisor's containers find no names on
        any other.
    """

    kind = "docker"
    isolated = True

    def __init__(
        self,
        base_url: str | None = None,
        timeout: float = CALL_TIMEOUT,
        runtime: str = "",
        network: str = "",
    ) -> None:
        self._engine = DockerConnection(base_url, timeout)
        self.shares_kernel = docker_runtime.shares_kernel(runtime)
        network = network or (docker_network.NETWORK if self.shares_kernel else "bridge")
        self._network = docker_network.ContainerNetwork(self._engine, network)
        self._runtime = runtime
        self._sizes: dict[str, tuple[int, int]] = {}
        self._terminals: dict[str, bool] = {}
        self._unstarted: set[str] = set()
        self._own: OwnContainer | None = None
        self._looked_for_itself = False

    # -- the engine

    async def status(self) -> EngineStatus:
        """Ask the engine how it is; see :meth:`Engine.status`."""
        try:
            version = await self._engine.version()
        except AgentHubError as error:
            return EngineStatus(name="Docker", kind="docker", reachable=False, isolated=True, message=str(error))
        components = {part.get("Name", ""): part.get("Version", "") for part in version.get("Components") or ()}
        product = "Podman" if "Podman Engine" in components else "Docker"
        number = ".".join(str(version.get("Version", "")).split(".")[:2])
        name = f"{product} {number}" + (f" ({self._runtime})" if self._runtime else "")
        try:
            await self._check_runtime()
            await self._own_container()
        except AgentHubError as error:
            return EngineStatus(name=name, kind="docker", reachable=False, isolated=True, message=str(error))
        return EngineStatus(name=name, kind="docker", reachable=True, isolated=True)

    async def _check_runtime(self) -> None:
        # A shim of containerd's is found by its name, and listed nowhere.
        if self._runtime and "." not in self._runtime:
            docker_runtime.check(self._runtime, await self._engine.call("GET", "/info"))

    async def nodes(self) -> list[Node]:
        """The one machine of the engine; its GPUs where it is this machine."""
        info = await self._engine.call("GET", "/info")
        local = self._engine.address.local
        gpus = await self._engine.in_thread(local_gpus) if local else ()
        address = "127.0.0.1" if local else self._engine.address.host
        name = info.get("ID") or info.get("Name") or "docker"
        return [Node(id=name, address=address, cpus=info["NCPU"], memory=info["MemTotal"], gpus=gpus)]

    async def gateway_address(self, port: int = 0, told: str = "") -> tuple[str, str]:
        """Where the gateway listens; see :mod:`agent_hub.engines.docker_callback`."""
        return await callback_address(self._engine, self._network, await self._own_container(), port, told)

    def host_path(self, path: str) -> str:
        """What the engine's machine calls a path of the hub's, as far as the engine was asked; see `Engine`."""
        return self._own.host_path(path) if self._own is not None else path

    async def _own_container(self) -> OwnContainer | None:
        # What a container was started with stays as it is for as long as it runs.
        if not self._looked_for_itself:
            self._own = await find_own_container(self._engine)
            self._looked_for_itself = True
        return self._own

    async def findings(self) -> list[Finding]:
        """Look at what it says of itself; see :mod:`agent_hub.engines.docker_findings`."""
        return await docker_findings.look(self._engine, self._own_container, self._check_runtime)

    # -- images

    async def some_image(self, wanted: str) -> str:
        """An image that is here; see :meth:`Engine.some_image`."""
        query = {"filters": json.dumps({"reference": ["agent-hub/agent"]})}
        layers = await self._engine.call("GET", "/images/json", query)
        return await super().some_image(wanted) or next(
            (ref for one in layers for ref in one.get("RepoTags") or ()), ""
        )

    async def image(self, ref: str) -> Image | None:
        """The image of that name, or ``None``."""
        if any(part in ("", ".", "..") for part in ref.split("/")):
            # It is no name, and would be the path of another question.
            return None
        try:
            found = await self._engine.call("GET", f"/images/{ref}/json")
        except AgentHubError as error:
            if error.details.get("status") in (400, 404):
                return None
            raise
        return Image(found["Id"], ref, given_labels((found.get("Config") or {}).get("Labels")))

    async def pull(self, ref: str, on_line: LogSink) -> Image:
        """Fetch an image; a line for each step of a layer, no progress bars."""
        header = await self._engine.in_thread(partial(docker_images.registry_login, ref))
        with typed_errors():
            await docker_images.pull(self._unhurried, ref, header, on_line)
        return await self._built(ref)

    async def build(self, spec: BuildSpec, on_line: LogSink) -> Image:
        """Build a Dockerfile: with the engine's own builder, or with BuildKit where the Dockerfile needs it."""
        needs_buildkit = await self._engine.in_thread(partial(docker_buildkit.needs_buildkit, spec))
        if needs_buildkit:
            await docker_buildkit.build(spec, self._engine.environment, on_line)
        else:
            context = await self._engine.in_thread(partial(docker_images.pack, spec))
            try:
                logins = await self._engine.in_thread(docker_images.registry_logins)
                with typed_errors():
                    await docker_images.build(self._unhurried, spec, context, logins, on_line)
            finally:
                context.close()
        return await self._built(spec.ref)

    async def remove_image(self, ref: str) -> None:
        """Remove an image's name; no error where there is none."""
        try:
            await self._engine.call("DELETE", f"/images/{ref}")
        except AgentHubError as error:
            if error.details.get("status") != 404:
                raise

    async def _built(self, ref: str) -> Image:
        image = await self.image(ref)
        if image is None:
            raise EngineError(f"The image {ref} was made, and is not there.", "The engine's own log says more.")
        return image

    # -- a container's life

    async def create(self, spec: ContainerSpec) -> Handle:
        """Create a container, stopped; one of the same name is returned as it is."""
        with typed_errors():
            async with asyncio.timeout(self._engine.timeout):
                network = await self._network.mode() if spec.network == "default" else "none"
                await self._own_container()
                body = create_body(self._of_the_machine(spec), network, self._runtime)
                return await self._create(spec, body)

    async def _create(self, spec: ContainerSpec, body: bytes) -> Handle:
        while True:
            with suppress(Conflict):
                made = await self._engine.call("POST", "/containers/create", {"name": spec.name}, body)
                self._terminals[made["Id"]] = spec.tty
                self._unstarted.add(made["Id"])
                return Handle(made["Id"], spec.name, dict(spec.labels))
            with suppress(ContainerLost):
                found = await self._look(spec.name)
                return Handle(found["Id"], spec.name, given_labels(found["Config"].get("Labels")))
            # The name is taken by a container that is just being created, or removed.
            await asyncio.sleep(0.05)

    def _of_the_machine(self, spec: ContainerSpec) -> ContainerSpec:
        mounts = [mount.model_copy(update={"source": self.host_path(mount.source)}) for mount in spec.mounts]
        return replace(spec, mounts=mounts)

    async def start(self, handle: Handle) -> None:
        """Start it, and give its terminal the size that was asked for before."""
        await self._engine.call("POST", f"/containers/{handle.id}/start")
        self._unstarted.discard(handle.id)
        if handle.id in self._sizes:
            await self._resize(handle, *self._sizes[handle.id])

    async def inspect(self, handle: Handle) -> ContainerStatus:
        """The container's state now."""
        try:
            return status_of(await self._look(handle.id))
        except ContainerLost:
            return ContainerStatus("lost", reason="the container is gone")

    async def _look(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._engine.call("GET", f"/containers/{container}/json")
        self._terminals[found["Id"]] = bool(found["Config"]["Tty"])
        return found

    async def wait(self, handle: Handle) -> ContainerStatus:
        """Wait until it is exited or lost, on a connection and no thread."""
        patience = FIRST_CHECK
        while True:
            answer, gone = None, False
            # A timeout here only means: look at its state. Docker begins its answer at once, Podman when the wait ends.
            with typed_errors(), suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    try:
                        path = f"/containers/{handle.id}/wait"
                        # Asked for before the look at its state, so that no end falls between the two.
                        answer = await self._engine.request("POST", path, {"condition": "next-exit"}, unhurried=True)
                    except ContainerLost:
                        gone = True
            try:
                status = await self.inspect(handle)
                if gone or status.state in ("exited", "lost"):
                    return status
                patience = RECHECK
                if answer is not None:
                    with typed_errors(), suppress(TimeoutError):
                        await asyncio.wait_for(answer.read(), RECHECK)
            finally:
                if answer is not None:
                    answer.close()

    async def stop(self, handle: Handle, grace: float = 10.0) -> ContainerStatus:
        """Ask it to end, kill it after `grace` seconds, and verify that it ended."""
        with suppress(ContainerLost):
            path, seconds = f"/containers/{handle.id}/stop", math.ceil(grace)
            await self._engine.call("POST", path, {"t": seconds}, grace=seconds)
        status = await self.inspect(handle)
        if status.state in ("exited", "lost", "starting"):
            return status
        with suppress(ContainerLost, Conflict):
            await self._engine.call("POST", f"/containers/{handle.id}/kill")
        try:
            return await asyncio.wait_for(self.wait(handle), VERIFY_TIMEOUT)
        except TimeoutError as error:
            raise EngineError(
                f"The container {handle.name} does not stop.", "Restart the container engine, and try again."
            ) from error

    async def pause(self, handle: Handle) -> None:
        """Freeze it; no error where it is paused already."""
        try:
            await self._engine.call("POST", f"/containers/{handle.id}/pause")
        except (EngineUnavailable, ContainerLost):
            raise
        except (Conflict, EngineError) as error:
            if await self._is_paused(handle):
                return
            raise Conflict(
                "The container cannot be paused: it does not run.", "Start it first.", reason=error.message
            ) from error

    async def unpause(self, handle: Handle) -> None:
        """Let it go on; no error where it is not paused."""
        try:
            await self._engine.call("POST", f"/containers/{handle.id}/unpause")
        except (EngineUnavailable, ContainerLost):
            raise
        except (Conflict, EngineError):
            # Engines say it in several ways, one of them as a failure of their own.
            if await self._is_paused(handle):
                raise

    async def _is_paused(self, handle: Handle) -> bool:
        return bool((await self._look(handle.id))["State"].get("Paused"))

    async def remove(self, handle: Handle) -> None:
        """Kill and remove it, and verify that it is gone."""
        self._sizes.pop(handle.id, None)
        self._terminals.pop(handle.id, None)
        self._unstarted.discard(handle.id)
        with typed_errors():
            async with asyncio.timeout(VERIFY_TIMEOUT * 2):
                await self._remove(handle)

    async def _remove(self, handle: Handle) -> None:
        while True:
            with suppress(ContainerLost, Conflict):
                await self._engine.call("DELETE", f"/containers/{handle.id}", {"force": "1", "v": "1"})
            if (await self.inspect(handle)).state == "lost":
                return
            await asyncio.sleep(0.1)

    async def list(self, labels: Mapping[str, str]) -> list[Handle]:
        """Every container that carries all of `labels`."""
        wanted = [f"{name}={value}" for name, value in labels.items()]
        query = {"all": "1", "filters": json.dumps({"label": wanted})}
        found = await self._engine.call("GET", "/containers/json", query)
        return [Handle(one["Id"], one["Names"][0].lstrip("/"), given_labels(one.get("Labels"))) for one in found]

    async def commit(self, handle: Handle, ref: str, labels: Mapping[str, str], command: Sequence[str] = ()) -> Image:
        """Save the file system as an image that starts as the container's own image does."""
        container = await self._look(handle.id)
        source = await self._engine.call("GET", f"/images/{container['Image']}/json")
        config = docker_images.committed_config(container["Config"], source.get("Config") or {}, labels, command)
        name, tag = docker.utils.parse_repository_tag(ref)
        query = {"container": handle.id, "repo": name, "tag": tag or "latest", "pause": "1"}
        with typed_errors():
            await (await self._engine.request("POST", "/commit", query, config, unhurried=True)).read()
        return await self._built(ref)

    # -- what runs in it

    async def attach(self, handle: Handle) -> Stream:
        """Its terminal, on a connection of its own."""
        if handle.id not in self._terminals:
            await self._look(handle.id)
        try:
            return await self._attach(handle)
        except Conflict:
            if not await self._is_paused(handle):
                raise
        # Docker attaches to nothing that is paused.
        await self.unpause(handle)
        try:
            return await self._attach(handle)
        finally:
            await self.pause(handle)

    async def _attach(self, handle: Handle) -> Stream:
        query = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1", "detachKeys": NO_DETACH_KEYS}
        framed = not self._terminals[handle.id]
        path = f"/containers/{handle.id}/attach"
        return await self._engine.attach(path, query, partial(self._resize, handle), framed=framed)

    async def _resize(self, handle: Handle, rows: int, columns: int) -> None:
        self._sizes[handle.id] = (rows, columns)
        if handle.id in self._unstarted or not self._terminals.get(handle.id, True):
            return
        try:
            await self._engine.call("POST", f"/containers/{handle.id}/resize", {"h": rows, "w": columns})
        except EngineUnavailable:
            raise
        except AgentHubError as error:
            if (await self.inspect(handle)).state == "running":
                raise EngineError(f"The terminal's size was not changed: {error.message}", error.hint) from error

    async def _unhurried(self, *args: Any) -> Answer:
        return await self._engine.request(*args, unhurried=True)

    async def execute(
        self,
        handle: Handle,
        command: Sequence[str],
        on_line: LogSink | None = None,
        *,
        on_output: OutputSink | None = None,
        user: str = "",
        workdir: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Executed:
        """Run a command in it; see :meth:`Engine.execute`."""
        body: dict[str, Any] = {"User": user} if user else {}
        body |= {"WorkingDir": workdir} if workdir else {}
        body |= {"Env": [f"{name}={value}" for name, value in env.items()]} if env else {}
        execution = Execution(self._engine, handle.id)
        # One for each output: a line of one may come within a line of the other.
        splitters: defaultdict[int, LineSplitter] = defaultdict(partial(LineSplitter, on_line or (lambda line: None)))
        kept = bytearray()
        try:
            await execution.start(command, body)
            async for output, part in execution.frames():
                splitters[output].feed(part)
                kept += part
                del kept[:-OUTPUT_KEPT]
                if on_output is not None:
                    await on_output(part)
            for splitter in splitters.values():
                splitter.close()
            return Executed(await execution.exit_code(), kept.decode(errors="replace"))
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(execution.interrupt()))
            raise
        finally:
            execution.close()

    async def watch(self, labels: Mapping[str, str]) -> AsyncIterator[Handle]:
        """Containers that have just changed state, from the engine's own events."""
        filters = {
            "type": "container",
            "event": ["create", "start", "die", "oom", "destroy"],
            "label": [f"{name}={value}" for name, value in labels.items()],
        }
        answer = await self._engine.request("GET", "/events", {"filters": docker.utils.convert_filters(filters)})
        try:
            with suppress(OSError):
                async with aclosing(answer.objects()) as events:
                    async for event in events:
                        actor = event["Actor"]
                        carried = {k: v for k, v in actor["Attributes"].items() if k not in _EVENT_ATTRIBUTES}
                        yield Handle(actor["ID"], actor["Attributes"].get("name", ""), given_labels(carried))
        finally:
            answer.close()

    async def close(self) -> None:
        """Give back threads and connections; containers go on."""
        self._engine.close()


_EVENT_ATTRIBUTES = frozenset({"name", "image", "exitCode", "execDuration", "signal"})

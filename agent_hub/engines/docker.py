"""Containers on a Docker engine, or one that speaks its API (Podman), on this machine or another.

Short calls go through the docker SDK in a small pool of threads. All that waits or streams (attach, wait, exec, stop,
events, pull, build, commit) has a connection of its own on the event loop and holds no thread, so a stop never waits
behind a pull, and a cancelled build is one whose connection is closed.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

import docker
import docker.utils

from agent_hub.engines import docker_buildkit, docker_images, docker_network
from agent_hub.engines.base import (
    BuildSpec,
    ContainerSpec,
    ContainerStatus,
    Engine,
    Executed,
    Handle,
    Image,
    LogSink,
    Stream,
)
from agent_hub.engines.docker_connection import CALL_TIMEOUT, DockerConnection
from agent_hub.engines.docker_containers import create_arguments, given_labels, status_of
from agent_hub.engines.docker_errors import typed_errors
from agent_hub.engines.gpus import local_gpus
from agent_hub.engines.streams import OUTPUT_KEPT, LineSplitter, TerminalStream
from agent_hub.errors import AgentHubError, Conflict, ContainerLost, EngineError, EngineUnavailable
from agent_hub.models import EngineStatus, Node

VERIFY_TIMEOUT = 20.0
"""Seconds the engine gets to end a container that it said it ended."""

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
    """

    kind = "docker"
    isolated = True

    def __init__(self, base_url: str | None = None) -> None:
        self._engine = DockerConnection(base_url)
        self._sizes: dict[str, tuple[int, int]] = {}
        self._terminals: dict[str, bool] = {}

    # -- the engine

    async def status(self) -> EngineStatus:
        """Ask the engine how it is; see :meth:`Engine.status`."""
        try:
            version = await self._engine.call(lambda api: api.version())
        except AgentHubError as error:
            return EngineStatus(name="Docker", kind="docker", reachable=False, isolated=True, message=str(error))
        components = {part.get("Name", ""): part.get("Version", "") for part in version.get("Components") or ()}
        product = "Podman" if "Podman Engine" in components else "Docker"
        number = ".".join(str(version.get("Version", "")).split(".")[:2])
        return EngineStatus(name=f"{product} {number}", kind="docker", reachable=True, isolated=True)

    async def nodes(self) -> list[Node]:
        """The one machine of the engine; its GPUs where it is this machine."""
        info = await self._engine.call(lambda api: api.info())
        local = self._engine.address.local
        gpus = await self._engine.in_thread(local_gpus) if local else ()
        address = "127.0.0.1" if local else self._engine.address.host
        return [Node(id=info.get("ID") or info.get("Name") or "docker", address=address, gpus=gpus)]

    async def gateway_address(self) -> tuple[str, str]:
        """Where the gateway listens; see :mod:`agent_hub.engines.docker_network`."""
        networks = await self._engine.call(lambda api: api.networks(names=["bridge"]))
        return await self._engine.in_thread(partial(docker_network.gateway_address, self._engine.address, networks))

    # -- images

    async def image(self, ref: str) -> Image | None:
        """The image of that name, or ``None``."""
        try:
            found = await self._engine.call(lambda api: _image(api, ref))
        except AgentHubError as error:
            if error.details.get("status") in (400, 404):
                return None
            raise
        return Image(found["Id"], ref, given_labels((found.get("Config") or {}).get("Labels")))

    async def pull(self, ref: str, on_line: LogSink) -> Image:
        """Fetch an image; a line for each step of a layer, no progress bars."""
        header = await self._engine.in_thread(partial(docker_images.registry_login, ref))
        with typed_errors():
            await docker_images.pull(self._engine.request, ref, header, on_line)
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
                    await docker_images.build(self._engine.request, spec, context, logins, on_line)
            finally:
                context.close()
        return await self._built(spec.ref)

    async def remove_image(self, ref: str) -> None:
        """Remove an image's name; no error where there is none."""
        try:
            await self._engine.call(lambda api: api.remove_image(ref))
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
            async with asyncio.timeout(CALL_TIMEOUT):
                return await self._create(spec)

    async def _create(self, spec: ContainerSpec) -> Handle:
        while True:
            with suppress(Conflict):
                made = await self._engine.call(lambda api: api.create_container(**create_arguments(api, spec)))
                self._terminals[made["Id"]] = spec.tty
                return Handle(made["Id"], spec.name, dict(spec.labels))
            with suppress(ContainerLost):
                found = await self._engine.call(lambda api: api.inspect_container(spec.name))
                self._terminals[found["Id"]] = bool(found["Config"]["Tty"])
                return Handle(found["Id"], spec.name, given_labels(found["Config"].get("Labels")))
            # The name is taken by a container that is just being created, or removed.
            await asyncio.sleep(0.05)

    async def start(self, handle: Handle) -> None:
        """Start it, and give its terminal the size that was asked for before."""
        answer = await self._engine.request("POST", f"/containers/{handle.id}/start")
        answer.close()
        if handle.id in self._sizes:
            await self._resize(handle, *self._sizes[handle.id])

    async def inspect(self, handle: Handle) -> ContainerStatus:
        """The container's state now."""
        try:
            found = await self._engine.call(lambda api: api.inspect_container(handle.id))
        except ContainerLost:
            return ContainerStatus("lost", reason="the container is gone")
        return status_of(found)

    async def wait(self, handle: Handle) -> ContainerStatus:
        """Wait until it is exited or lost, on a connection and no thread."""
        while True:
            answer = None
            with suppress(ContainerLost):
                # Asked for before the look at its state, so that no end falls between the two.
                answer = await self._engine.request("POST", f"/containers/{handle.id}/wait", {"condition": "next-exit"})
            try:
                status = await self.inspect(handle)
                if answer is None or status.state in ("exited", "lost"):
                    return status
                # A timeout is an OSError too, and here only means: look again.
                with typed_errors(), suppress(TimeoutError):
                    await asyncio.wait_for(answer.read(), RECHECK)
            finally:
                if answer is not None:
                    answer.close()

    async def stop(self, handle: Handle, grace: float = 10.0) -> ContainerStatus:
        """Ask it to end, kill it after `grace` seconds, and verify that it ended."""
        with suppress(ContainerLost):
            answer = await self._engine.request("POST", f"/containers/{handle.id}/stop", {"t": math.ceil(grace)})
            answer.close()
        status = await self.inspect(handle)
        if status.state in ("exited", "lost", "starting"):
            return status
        with suppress(ContainerLost, Conflict):
            (await self._engine.request("POST", f"/containers/{handle.id}/kill")).close()
        try:
            return await asyncio.wait_for(self.wait(handle), VERIFY_TIMEOUT)
        except TimeoutError as error:
            raise EngineError(
                f"The container {handle.name} does not stop.", "Restart the container engine, and try again."
            ) from error

    async def pause(self, handle: Handle) -> None:
        """Freeze it; no error where it is paused already."""
        with suppress(Conflict):
            (await self._engine.request("POST", f"/containers/{handle.id}/pause")).close()

    async def unpause(self, handle: Handle) -> None:
        """Let it go on; no error where it is not paused."""
        with suppress(Conflict):
            (await self._engine.request("POST", f"/containers/{handle.id}/unpause")).close()

    async def remove(self, handle: Handle) -> None:
        """Kill and remove it, and verify that it is gone."""
        self._sizes.pop(handle.id, None)
        self._terminals.pop(handle.id, None)
        with typed_errors():
            async with asyncio.timeout(VERIFY_TIMEOUT * 2):
                await self._remove(handle)

    async def _remove(self, handle: Handle) -> None:
        while True:
            with suppress(ContainerLost, Conflict):
                answer = await self._engine.request("DELETE", f"/containers/{handle.id}", {"force": "1", "v": "1"})
                answer.close()
            if (await self.inspect(handle)).state == "lost":
                return
            await asyncio.sleep(0.1)

    async def list(self, labels: Mapping[str, str]) -> list[Handle]:
        """Every container that carries all of `labels`."""
        wanted = [f"{name}={value}" for name, value in labels.items()]
        found = await self._engine.call(lambda api: api.containers(all=True, filters={"label": wanted}))
        return [Handle(one["Id"], one["Names"][0].lstrip("/"), given_labels(one.get("Labels"))) for one in found]

    async def commit(self, handle: Handle, ref: str, labels: Mapping[str, str], command: Sequence[str] = ()) -> Image:
        """Save the file system as an image that starts as the container's own image does."""
        container = await self._engine.call(lambda api: api.inspect_container(handle.id))
        source = await self._engine.call(lambda api: _image(api, container["Image"]))
        config = docker_images.committed_config(container["Config"], source.get("Config") or {}, labels, command)
        name, tag = docker.utils.parse_repository_tag(ref)
        query = {"container": handle.id, "repo": name, "tag": tag or "latest", "pause": "1"}
        with typed_errors():
            await (await self._engine.request("POST", "/commit", query, config)).read()
        return await self._built(ref)

    # -- what runs in it

    async def attach(self, handle: Handle) -> Stream:
        """Its terminal, on a connection of its own."""
        if handle.id not in self._terminals:
            found = await self._engine.call(lambda api: api.inspect_container(handle.id))
            self._terminals[handle.id] = bool(found["Config"]["Tty"])
        query = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1", "detachKeys": NO_DETACH_KEYS}
        answer = await self._engine.request("POST", f"/containers/{handle.id}/attach", query, upgrade=True)
        return TerminalStream(answer, partial(self._resize, handle), framed=not self._terminals[handle.id])

    async def _resize(self, handle: Handle, rows: int, columns: int) -> None:
        self._sizes[handle.id] = (rows, columns)
        try:
            answer = await self._engine.request("POST", f"/containers/{handle.id}/resize", {"h": rows, "w": columns})
            answer.close()
        except EngineUnavailable:
            raise
        except AgentHubError as error:
            if (await self.inspect(handle)).state == "running" and self._terminals.get(handle.id, True):
                raise EngineError(f"The terminal's size was not changed: {error.message}", error.hint) from error

    async def execute(
        self,
        handle: Handle,
        command: Sequence[str],
        on_line: LogSink | None = None,
        *,
        user: str = "",
        workdir: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Executed:
        """Run a command in it; see :meth:`Engine.execute`."""
        body: dict[str, Any] = {"AttachStdout": True, "AttachStderr": True, "Cmd": [*command]}
        body |= {"User": user} if user else {}
        body |= {"WorkingDir": workdir} if workdir else {}
        body |= {"Env": [f"{name}={value}" for name, value in env.items()]} if env else {}
        with typed_errors():
            made = await (await self._engine.request("POST", f"/containers/{handle.id}/exec", None, body)).json()
        path = f"/exec/{made['Id']}"
        mode = {"Detach": False, "Tty": False}
        answer = await self._engine.request("POST", f"{path}/start", None, mode, upgrade=True)
        # One for each output: a line of one may come within a line of the other.
        splitters: defaultdict[int, LineSplitter] = defaultdict(partial(LineSplitter, on_line or (lambda line: None)))
        kept = bytearray()
        try:
            async for output, part in answer.frames():
                splitters[output].feed(part)
                kept += part
                del kept[:-OUTPUT_KEPT]
            for splitter in splitters.values():
                splitter.close()
        finally:
            answer.close()
        return Executed(await self._exit_code(path), kept.decode(errors="replace"))

    async def _exit_code(self, path: str) -> int:
        for pause in (0.0, 0.01, 0.1, 0.5, 2.0):
            # The output's end can be told a moment before the command's.
            await asyncio.sleep(pause)
            with typed_errors():
                found = await (await self._engine.request("GET", f"{path}/json")).json()
            if not found["Running"] and found["ExitCode"] is not None:
                return int(found["ExitCode"])
        raise EngineError("A command in the container closed its output and goes on.", "Stop the chat to end it.")

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


def _image(api: docker.APIClient, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = api.inspect_image(ref)  # type: ignore[no-untyped-call]
    return found

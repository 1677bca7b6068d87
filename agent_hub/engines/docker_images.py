"""Images of a Docker engine: fetched from a registry, built from a Dockerfile, saved from a container."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import IO, Any

import docker.auth
import docker.utils
from docker.utils import build as docker_context

from agent_hub.engines.base import BuildSpec, LogSink
from agent_hub.engines.docker_errors import pull_refused, refused
from agent_hub.engines.http import Answer
from agent_hub.errors import AgentHubError, BaseImageNotFound, BuildError, EngineUnavailable, InvalidBase, StorageFull

Request = Callable[..., Awaitable[Answer]]

TAIL = 20
"""Last lines of a failed build that its error carries."""

PROGRESS_EVERY = 2.0
"""Seconds between two lines about how far a download is."""

_TOLD = ("Already exists", "Pull complete", "Retrying")
_BASE_MISSING = ("manifest unknown", "pull access denied", "repository does not exist", "failed to resolve source")
_EXIT_CODE = re.compile(r"(?:non-zero code|exit code): (\d+)")
_NOISE = re.compile(r"^#\d+ (?:sha256:[0-9a-f]{64}|DONE .*|transferring (?:context|dockerfile): .*)$")
_STEP = re.compile(r"^(?:Step \d+/\d+ :|#\d+ \[[^\]]*\d+/\d+\])")


# -- pull ---------------------------------------------------------------------------------------------------------


async def pull(request: Request, ref: str, login: str | None, on_line: LogSink) -> None:
    """Fetch `ref`. `login` is the header that :func:`registry_login` made."""
    name, tag = docker.utils.parse_repository_tag(ref)
    headers = {"X-Registry-Auth": login} if login else {}
    try:
        query = {"fromImage": name, "tag": tag or "latest"}
        answer = await request("POST", "/images/create", query, b"", headers)
    except (EngineUnavailable, StorageFull):
        raise
    except AgentHubError as error:
        raise pull_refused(ref, str(error.details.get("reason", error.message))) from error
    progress = PullProgress(on_line)
    try:
        async with aclosing(answer.objects()) as events:
            async for event in events:
                if "error" in event:
                    raise pull_refused(ref, str(event["error"]))
                progress.take(event)
    finally:
        answer.close()


class PullProgress:
    """Condenses what an engine says while it pulls: a line for each layer done, and now and then how far it is."""

    def __init__(self, on_line: LogSink) -> None:
        self._on_line = on_line
        self._layers: dict[str, tuple[int, int]] = {}
        self._told_at = time.monotonic()

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        detail = event.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self._layers[layer] = (int(detail.get("current", 0)), int(detail["total"]))
            self._tell()
        elif not layer or status.startswith(_TOLD) or "Pulling from" in status:
            self._on_line(f"{layer}: {status}" if layer else status)

    def _tell(self) -> None:
        if time.monotonic() - self._told_at < PROGRESS_EVERY:
            return
        self._told_at = time.monotonic()
        done, total = (sum(column) for column in zip(*self._layers.values(), strict=True))
        self._on_line(f"Downloading {done / 1e6:.1f} of {total / 1e6:.1f} MB")


def registry_login(ref: str) -> str | None:
    """The login for the registry of `ref`, from Docker's own configuration. Blocks."""
    name, _ = docker.utils.parse_repository_tag(ref)
    registry, _ = docker.auth.resolve_repository_name(name)
    login = docker.auth.load_config().resolve_authconfig(registry)
    return _header(login) if login else None


def registry_logins() -> str | None:
    """Every login in Docker's own configuration, for the base images of a build. Blocks."""
    logins = docker.auth.load_config().get_all_credentials()  # type: ignore[no-untyped-call]
    return _header(logins) if logins else None


def _header(value: Any) -> str:
    return docker.auth.encode_header(value).decode("ascii")


# -- build --------------------------------------------------------------------------------------------------------


def dockerfile_of(spec: BuildSpec) -> Path:
    """The Dockerfile, verified to be within the context. Raises :class:`~agent_hub.errors.InvalidBase`. Blocks."""
    path = spec.context / spec.dockerfile
    if not path.resolve().is_relative_to(spec.context.resolve()):
        raise InvalidBase(f"{spec.dockerfile} is outside its folder.", "Name a Dockerfile within the build's folder.")
    if not path.is_file():
        raise InvalidBase(f"There is no Dockerfile {spec.dockerfile}.", "Check the path in the repository.")
    return path


def pack(spec: BuildSpec) -> IO[bytes]:
    """The build's context as a tar file without what ``.dockerignore`` names. Blocks.

    A symlink is packed as a symlink, and means nothing of this machine in the build.
    """
    dockerfile_of(spec)
    ignore = spec.context / ".dockerignore"
    patterns: list[str] = []
    if ignore.is_file() and ignore.resolve().is_relative_to(spec.context.resolve()):
        lines = (line.strip() for line in ignore.read_text(errors="replace").splitlines())
        patterns = [line for line in lines if line and not line.startswith("#")]
    packed = tempfile.TemporaryFile()
    docker_context.tar(spec.context, exclude=patterns, dockerfile=(spec.dockerfile, None), fileobj=packed)
    return packed


async def build(request: Request, spec: BuildSpec, context: IO[bytes], logins: str | None, on_line: LogSink) -> None:
    """Build `spec` with the engine's own builder. Closing the connection, as a cancelled task does, stops it."""
    query = {
        "t": spec.ref,
        "dockerfile": spec.dockerfile,
        "buildargs": json.dumps(dict(spec.args)),
        "labels": json.dumps(dict(spec.labels)),
        "rm": "1",
        "forcerm": "1",
        "version": "1",
    }
    headers = {"Content-Type": "application/x-tar", **({"X-Registry-Config": logins} if logins else {})}
    log = BuildLog(on_line)
    try:
        answer = await request("POST", "/build", query, _parts(context), headers)
    except (EngineUnavailable, StorageFull):
        raise
    except AgentHubError as error:
        raise log.failure(str(error.details.get("reason", error.message))) from error
    try:
        async with aclosing(answer.objects()) as events:
            async for event in events:
                if "error" in event:
                    detail = event.get("errorDetail") or {}
                    raise log.failure(str(event["error"]), detail.get("code"))
                log.feed(str(event.get("stream") or event.get("status") or ""))
        log.close()
    finally:
        answer.close()


async def _parts(packed: IO[bytes]) -> AsyncIterator[bytes]:
    # The file was written a moment ago and is read from memory, so these reads do not hold up the loop.
    packed.seek(0)
    while part := packed.read(256 * 1024):
        yield part


class BuildLog:
    """The lines of a build: handed on as they come, their last ones kept for the error."""

    def __init__(self, on_line: LogSink) -> None:
        self._on_line = on_line
        self._rest = ""
        self.tail: list[str] = []
        self._step = ""

    def feed(self, text: str) -> None:
        """Take a piece of output, of any length."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self.line(line.rstrip("\r").rpartition("\r")[2])

    def line(self, line: str) -> None:
        """Take one line."""
        if not line.strip() or _NOISE.match(line):
            return
        if _STEP.match(line):
            self._step = line
        self.tail = [*self.tail, line][-TAIL:]
        self._on_line(line)

    def close(self) -> None:
        """Hand on a last line that has no end."""
        self.feed("\n")

    def failure(self, message: str, exit_code: int | None = None) -> AgentHubError:
        """The error of the build, with its step, exit code and last lines."""
        self.close()
        text = message.lower()
        if "no space left on device" in text or any("no space left on device" in line.lower() for line in self.tail):
            return refused(500, "no space left on device")
        if any(sign in text for sign in _BASE_MISSING):
            return BaseImageNotFound(
                f"The base image of the Dockerfile cannot be had: {message}",
                "Check the name after FROM; a private image needs a docker login first.",
            )
        found = _EXIT_CODE.search(message)
        code = exit_code if exit_code is not None else int(found[1]) if found else None
        return BuildError(
            f"The image was not built: {message}",
            "The last lines of the build say what failed.",
            exit_code=code,
            step=self._step,
            tail=self.tail,
        )


# -- commit -------------------------------------------------------------------------------------------------------


def committed_config(
    container: Mapping[str, Any], source: Mapping[str, Any], labels: Mapping[str, str], command: Sequence[str]
) -> dict[str, Any]:
    """The configuration of an image saved from a container: its source image's, with `labels` and `command`.

    The engine adds every variable and label of the container that is not named here. Those were given to one
    container, a variable may be a secret, and a label would make each later container look like this one: they are
    named, and empty.
    """
    own = dict(entry.partition("=")[::2] for entry in source.get("Env") or ())
    given = [entry.partition("=")[0] for entry in container.get("Env") or ()]
    env = {name: own.get(name, "") for name in given} | own
    kept: dict[str, str] = (
        dict.fromkeys(container.get("Labels") or (), "") | (source.get("Labels") or {}) | dict(labels)
    )
    return {
        **source,
        "Env": [f"{name}={value}" for name, value in env.items()],
        "Labels": kept,
        "Entrypoint": source.get("Entrypoint") or [],
        "Cmd": list(command) or source.get("Cmd") or [],
        "WorkingDir": source.get("WorkingDir") or container.get("WorkingDir") or "",
    }

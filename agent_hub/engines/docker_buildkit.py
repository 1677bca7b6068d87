"""Builds of Dockerfiles that only BuildKit reads, through Docker's own command: the engine's API has no such build."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from agent_hub.engines.base import BuildSpec, LogSink
from agent_hub.engines.docker_images import BuildLog, dockerfile_of
from agent_hub.engines.output import LineSplitter
from agent_hub.errors import BuildError

PROBE_TIMEOUT = 10
"""Seconds that a ``docker`` command gets to say what it can."""

BUILT_IN_BEFORE = 23
"""Release from which on Docker's command builds with BuildKit through the buildx component alone."""

_NEEDED = re.compile(
    r"^\s*#\s*syntax\s*=|^\s*RUN\s+(?:--\w|.*<<-?['\"]?[A-Za-z_])|^\s*(?:COPY|ADD)\s+.*(?:<<-?['\"]?\w|--link|--chmod)",
    re.M | re.I,
)


def needs_buildkit(spec: BuildSpec) -> bool:
    """True where the Dockerfile has what only BuildKit understands. Blocks."""
    return bool(_NEEDED.search(dockerfile_of(spec).read_text(errors="replace")))


def find_builder(environment: Mapping[str, str]) -> list[str] | None:
    """The build command of the first ``docker`` on the PATH that can use BuildKit, or ``None``. Blocks."""
    seen: set[Path] = set()
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which("docker", path=folder) if folder else None
        if found is None or Path(found).resolve() in seen:
            continue
        seen.add(Path(found).resolve())
        if _answers([found, "buildx", "version"], environment) is not None:
            return [found, "buildx", "build", "--load"]
        version = _answers([found, "version", "--format", "{{.Client.Version}}"], environment) or ""
        release = re.match(r"(\d+)\.", version)
        if release and 18 < int(release[1]) < BUILT_IN_BEFORE:
            return [found, "build"]
    return None


def _answers(command: list[str], environment: Mapping[str, str]) -> str | None:
    try:
        done = subprocess.run(
            command, env=dict(environment), capture_output=True, text=True, timeout=PROBE_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


async def build(spec: BuildSpec, environment: Mapping[str, str], on_line: LogSink) -> None:
    """Build `spec`; cancelling the task interrupts the command, and with it the build."""
    builder = await asyncio.to_thread(find_builder, environment)
    if builder is None:
        raise BuildError(
            f"{spec.dockerfile} needs BuildKit, and no docker command here can use it.",
            "Install Docker's buildx component, or write the Dockerfile without RUN --mount, heredocs and # syntax=.",
        )
    command = [*builder, "--progress=plain", "--tag", spec.ref, "--file", str(spec.context / spec.dockerfile)]
    for option, values in (("--build-arg", spec.args), ("--label", spec.labels)):
        for name, value in values.items():
            command += [option, f"{name}={value}"]
    log = BuildLog(on_line)
    process = await asyncio.create_subprocess_exec(
        *command,
        str(spec.context),
        env={**environment, "DOCKER_BUILDKIT": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    splitter = LineSplitter(log.line)
    try:
        while part := await process.stdout.read(65536):
            splitter.feed(part)
        splitter.close()
        code = await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise
    if code != 0:
        raise log.failure(_cause(log.tail))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    # It may have ended, which is heard of a moment later.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), PROBE_TIMEOUT)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _cause(tail: list[str]) -> str:
    for line in reversed(tail):
        if "exit code" in line or line.lower().startswith(("error", "failed to")):
            return line
    return tail[-1] if tail else "docker build failed"

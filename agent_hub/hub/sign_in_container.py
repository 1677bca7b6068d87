"""The container that a person signs in with ChatGPT by: Codex runs there, and nothing of it stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agent_hub.agents.base import AGENT_HOME
from agent_hub.engines.base import ContainerSpec, Engine, Executed, Handle, Limits, LogSink
from agent_hub.hub.loopback import ask
from agent_hub.models import Mount

LABEL = "agent-hub.sign-in"
"""Label of the container that a person signs in by: which sign-in it is."""

DELIVERY = 60.0
"""Seconds that Codex may take to get its tokens for what the browser has brought."""

CERTIFICATES = "/hub/certificates.pem"
"""Where the container sees the certificates that the hub's own machine trusts in the place of its base image's."""

_PROXIES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class SignInContainer:
    """One container, for one sign-in.

    Parameters
    ----------
    hub_id, id
        Of the hub and of the sign-in, for its labels.
    home
        The folder of this machine that Codex keeps what it is given in.
    """

    def __init__(self, engine: Engine, hub_id: str, id: str, home: Path) -> None:
        self._engine = engine
        self._hub_id = hub_id
        self._id = id
        self._handle: Handle | None = None
        self.home = home

    def make_home(self) -> None:
        """Make its folder, which nobody else may open. Blocks."""
        self.home.mkdir(parents=True)
        for one in (self.home, self.home.parent, self.home.parent.parent):
            one.chmod(0o700)

    async def create(self, image: str) -> None:
        """Make it, and start it."""
        self._handle = await self._engine.create(self._spec(image))
        await self._engine.start(self._handle)

    async def log_in(self, command: Sequence[str], on_line: LogSink) -> Executed:
        """Run ``codex login``, for as long as it takes."""
        environment = {"CODEX_HOME": AGENT_HOME, **_proxies()}
        if trusted := _certificates():
            environment["CODEX_CA_CERTIFICATE"] = CERTIFICATES if self._engine.isolated else trusted
        return await self._engine.execute(self._made(), command, on_line, env=environment)

    async def deliver(self, port: int, path: str) -> str:
        """Ask Codex, where it waits, and where that leads to; the answer's status, empty where there is none."""
        if not self._engine.isolated:
            return await ask(port, path, DELIVERY)
        # In a file that the container sees, and not among the arguments, which every process there could read.
        request = self.home / "callback"
        said = (
            f'url = "http://127.0.0.1:{port}{path}"\nlocation\nmax-redirs = 2\nproto-redir = "=http"\nnoproxy = "*"\n'
            f'silent\ngloboff\noutput = "/dev/null"\nwrite-out = "%{{http_code}}\\n"\nmax-time = {DELIVERY:.0f}\n'
        )
        try:
            await asyncio.to_thread(_write, request, said)
            done = await self._engine.execute(self._made(), ["curl", "--config", f"{AGENT_HOME}/callback"])
        except OSError:
            # It has just ended.
            return ""
        finally:
            with suppress(OSError):
                await asyncio.to_thread(request.unlink)
        return done.output.strip()[-3:]

    def _made(self) -> Handle:
        assert self._handle is not None, "it has been made"
        return self._handle

    def _spec(self, image: str) -> ContainerSpec:
        mounts = [Mount(source=str(self.home), target=AGENT_HOME, read_only=False)]
        if self._engine.isolated and (trusted := _certificates()):
            mounts.append(Mount(source=trusted, target=CERTIFICATES))
        return ContainerSpec(
            name=f"agent-hub-sign-in-{self._id}",
            image=image,
            entrypoint=["sleep", "infinity"],
            mounts=mounts,
            labels={"agent-hub.hub": self._hub_id, LABEL: self._id},
            limits=Limits(cpus=1.0, memory=2**30, pids=256),
            tty=False,
        )


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text)


def _certificates() -> str:
    found = os.environ.get("CODEX_CA_CERTIFICATE") or os.environ.get("SSL_CERT_FILE") or ""
    return os.path.realpath(found) if found and os.path.isfile(found) else ""


def _proxies() -> Mapping[str, str]:
    """How the hub's own machine reaches the network."""
    return {name: value for one in _PROXIES for name in (one, one.lower()) if (value := os.environ.get(name))}

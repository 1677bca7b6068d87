"""Signing in with ChatGPT: by the real ``codex login``, in a container made for it, of which nothing stays.

The image is the agent layer on the hub's own base, and never a project's: whoever writes a setup script could have put
another Codex there, and would be given the account.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from agent_hub.agents.base import AGENT_HOME
from agent_hub.connections.codex_login import Prompt, callback, command, read_login
from agent_hub.connections.openai import OpenAI
from agent_hub.engines.base import ContainerSpec, Engine, Handle, Limits
from agent_hub.errors import AgentHubError, AgentUnavailable, Conflict, EngineError, StorageFull
from agent_hub.hub.agent_image import fetch_base, stage_agent_image
from agent_hub.hub.browser_callback import BrowserCallback
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.folders import Folders
from agent_hub.hub.loopback import ask
from agent_hub.hub.store import Store
from agent_hub.hub.trees import remove_tree
from agent_hub.models import ErrorBody, Mount, SignIn, StartSignIn, now

logger = logging.getLogger(__name__)

LABEL = "agent-hub.sign-in"
"""Label of the container that a person signs in by: which sign-in it is."""

LONGEST = 900.0
"""Seconds that somebody may take to confirm; as long as OpenAI's own codes last."""

DELIVERY = 60.0
"""Seconds that Codex may take to get its tokens for what the browser has brought."""

ENDING = 5.0
"""Seconds between the two sides of a delivered address hearing how that went."""

CERTIFICATES = "/hub/certificates.pem"
"""Where the container sees the certificates that the hub's own machine trusts in the place of its base image's."""

_PROXIES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class SignIns:
    """The sign-in that goes on; one at a time, and a new one ends the one before."""

    def __init__(
        self, store: Store, folders: Folders, engine: Engine, default_base: str, openai: OpenAI, issuer: str
    ) -> None:
        self._store = store
        self._folders = folders
        self._engine = engine
        self._default_base = default_base
        self._openai = openai
        self._issuer = issuer
        self._changing = asyncio.Lock()
        self._running: _Running | None = None

    async def start(self, asked: StartSignIn) -> None:
        """Begin; the connection's status tells how it goes on.

        Raises
        ------
        InvalidInput
            Codex has no such way to the issuer that this hub is set up for.
        """
        arguments = command(asked.method, self._issuer)
        async with self._changing:
            await self._end()
            running = _Running(Prompt(asked.method), secrets.token_hex(6))
            self._running = running
            self._show(running, "starting")
            running.task = asyncio.create_task(self._run(running, arguments), name="agent-hub sign-in")

    async def bring(self, url: str) -> None:
        """Take the address that the person's browser was sent to in the end.

        Raises
        ------
        Conflict
            No sign-in waits for one.
        InvalidInput
            It is not the one that this sign-in waits for.
        """
        running = self._running
        if running is None or running.handle is None or running.prompt.method != "browser" or not running.prompt.url:
            raise Conflict("No sign-in waits for an address.", "Begin one on Agent Hub's Connections page.")
        path = callback(url, running.prompt.port, running.prompt.state)
        async with running.bringing:
            status = await self._deliver(running, running.handle, path)
        if running.task is not None:
            await asyncio.wait([running.task], timeout=ENDING)
        if running.error is not None:
            raise running.error
        if not status.startswith("2"):
            raise AgentUnavailable("Codex did not take the address.", "Begin again, or sign in with a code.")

    async def cancel(self) -> None:
        """End the sign-in that goes on; returns once nothing of it is left. Else forget how the last one ended."""
        async with self._changing:
            if not await self._end():
                self._openai.show(None)

    async def reconcile(self) -> None:
        """Remove what a hub that was killed has left."""
        current = self._running.id if self._running is not None else ""
        for handle in await self._engine.list({"agent-hub.hub": self._store.hub_id}):
            if LABEL in handle.labels and handle.labels[LABEL] != current:
                await self._engine.remove(handle)

    def forget_files(self) -> None:
        """Remove the folders that a hub that was killed has left, before anything is begun. Blocks."""
        remove_tree(self._folders.sign_ins)

    async def close(self) -> None:
        """End the sign-in that goes on."""
        async with self._changing:
            await self._end()

    async def _end(self) -> bool:
        running = self._running
        if running is None or running.task is None or running.task.done():
            return False
        running.task.cancel()
        await asyncio.wait([running.task])
        return True

    # -- one sign-in

    async def _run(self, running: _Running, arguments: Sequence[str]) -> None:
        error: AgentHubError | None = None
        state = "done"
        try:
            await self._sign_in(running, arguments)
        except asyncio.CancelledError:
            state = "cancelled"
        except _Expired:
            state = "expired"
        except AgentHubError as failure:
            state, error = "failed", failure
        except OSError as failure:
            state, error = "failed", StorageFull.from_os_error(failure)
        except Exception:
            logger.exception("A sign-in with ChatGPT failed in a way nobody foresaw")
            state, error = (
                "failed",
                AgentHubError("The sign-in failed in a way nobody foresaw.", "See the server's log."),
            )
        finally:
            running.error = error
            await to_its_end(self._clear(running))
            if self._running is running:
                self._running = None
            self._show(running, state, error)

    async def _sign_in(self, running: _Running, arguments: Sequence[str]) -> None:
        folder = self._folders.sign_in(running.id)
        home = folder / "home"
        await asyncio.to_thread(_make, home)
        image = await self._image(folder / "layer")
        running.handle = await to_its_end(self._engine.create(self._spec(running, image, home)))
        await self._engine.start(running.handle)
        environment = {"CODEX_HOME": AGENT_HOME, **_proxies()}
        if trusted := _certificates():
            environment["CODEX_CA_CERTIFICATE"] = CERTIFICATES if self._engine.isolated else trusted
        try:
            async with asyncio.timeout(LONGEST):
                done = await self._engine.execute(
                    running.handle, arguments, lambda line: self._hear(running, line), env=environment
                )
        except TimeoutError:
            raise _Expired from None
        if done.exit_code:
            # A code lasts as long as OpenAI says, which may be shorter than the hub waits.
            if "timed out" in running.prompt.error:
                raise _Expired
            said = running.prompt.error or f"it ended with {done.exit_code}"
            raise AgentUnavailable(f"Codex could not sign in: {said}", "Try again, or the other way of signing in.")
        login = await asyncio.to_thread(read_login, home / "auth.json")
        await to_its_end(self._openai.signed_in(login))

    def _hear(self, running: _Running, line: str) -> None:
        if running.prompt.feed(line):
            end = now() + timedelta(seconds=LONGEST)
            running.prompt.expires_at = min(running.prompt.expires_at or end, end)
            running.opening = asyncio.create_task(self._wait(running))

    async def _wait(self, running: _Running) -> None:
        """Tell the person what to do."""
        # Without a container Codex itself listens on this machine.
        if running.prompt.method == "browser" and self._engine.isolated:
            running.callback = BrowserCallback(self.bring)
            await running.callback.open(running.prompt.port)
        self._show(running, "waiting")

    async def _image(self, scratch: Path) -> str:
        base, _ = await fetch_base(self._engine, self._default_base, False, _quiet)
        layer = await stage_agent_image(scratch, self._folders.cache, base.id, _quiet)
        if await self._engine.image(layer.ref) is None:
            await layer.build(self._engine, base.id if base.id.startswith("sha256:") else base.ref, _quiet)
        return layer.ref

    def _spec(self, running: _Running, image: str, home: Path) -> ContainerSpec:
        mounts = [Mount(source=str(home), target=AGENT_HOME, read_only=False)]
        if self._engine.isolated and (trusted := _certificates()):
            mounts.append(Mount(source=trusted, target=CERTIFICATES))
        return ContainerSpec(
            name=f"agent-hub-sign-in-{running.id}",
            image=image,
            entrypoint=["sleep", "infinity"],
            mounts=mounts,
            labels={"agent-hub.hub": self._store.hub_id, LABEL: running.id},
            limits=Limits(cpus=1.0, memory=2**30, pids=256),
            tty=False,
        )

    async def _deliver(self, running: _Running, handle: Handle, path: str) -> str:
        """Ask Codex, where it waits, and where that leads to; the answer's status, empty where there is none."""
        port = running.prompt.port
        if not self._engine.isolated:
            return await ask(port, path, DELIVERY)
        # In a file that the container sees, and not among the arguments, which every process there could read.
        request = self._folders.sign_in(running.id) / "home" / "callback"
        said = (
            f'url = "http://127.0.0.1:{port}{path}"\nlocation\nmax-redirs = 2\nproto-redir = "=http"\nnoproxy = "*"\n'
            f'silent\ngloboff\noutput = "/dev/null"\nwrite-out = "%{{http_code}}\\n"\nmax-time = {DELIVERY:.0f}\n'
        )
        try:
            await asyncio.to_thread(_write, request, said)
            done = await self._engine.execute(handle, ["curl", "--config", f"{AGENT_HOME}/callback"])
        except OSError:
            # It has just ended.
            return ""
        finally:
            with suppress(OSError):
                await asyncio.to_thread(request.unlink)
        return done.output.strip()[-3:]

    async def _clear(self, running: _Running) -> None:
        if running.opening is not None:
            await asyncio.wait([running.opening])
        if running.callback is not None:
            await running.callback.close()
        # Codex ends a moment before who has brought it the address hears so.
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING), running.bringing:
                pass
        try:
            for handle in await self._engine.list({"agent-hub.hub": self._store.hub_id, LABEL: running.id}):
                await self._engine.remove(handle)
        except EngineError as error:
            logger.warning("The container of a sign-in stays until the engine is back: %s", error.message)
        try:
            await asyncio.to_thread(remove_tree, self._folders.sign_in(running.id))
        except OSError as error:
            logger.error("The files of a sign-in stay until the hub is started again: %s", error)

    def _show(self, running: _Running, state: str, error: AgentHubError | None = None) -> None:
        waiting = state == "waiting"
        prompt = running.prompt
        shown = {
            "method": prompt.method,
            "state": state,
            "url": prompt.url if waiting else "",
            "code": prompt.code if waiting else "",
            "expires_at": prompt.expires_at if waiting else None,
            "error": None if error is None else ErrorBody.model_validate(error.to_dict()),
        }
        self._openai.show(SignIn.model_validate(shown))


class _Expired(Exception):
    """Nobody has confirmed in time."""


class _Running:
    """A sign-in on its way."""

    def __init__(self, prompt: Prompt, id: str) -> None:
        self.prompt = prompt
        self.id = id
        self.task: asyncio.Task[None] | None = None
        self.opening: asyncio.Task[None] | None = None
        self.callback: BrowserCallback | None = None
        self.handle: Handle | None = None
        self.error: AgentHubError | None = None
        self.bringing = asyncio.Lock()


def _make(folder: Path) -> None:
    folder.mkdir(parents=True)
    for one in (folder, folder.parent, folder.parent.parent):
        one.chmod(0o700)


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


def _quiet(line: str) -> None:
    """An image is built for a sign-in as for a project, whose log has the lines."""

"""Signing in with ChatGPT: by the real ``codex login``, in a container made for it, of which nothing stays.

The image is the agent layer on the hub's own base, and never a project's: whoever writes a setup script could have put
another Codex there, and would be given the account.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from agent_hub.connections.codex_login import Prompt, callback, command, read_login
from agent_hub.connections.openai import OpenAI
from agent_hub.engines.base import Engine, LogSink
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import AgentHubError, AgentUnavailable, BuildError, Conflict, EngineError, StorageFull
from agent_hub.hub.agent_image import fetch_base, stage_agent_image
from agent_hub.hub.browser_callback import BrowserCallback
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.folders import Folders
from agent_hub.hub.sign_in_container import LABEL, SignInContainer
from agent_hub.hub.store import Store
from agent_hub.models import ErrorBody, SignIn, StartSignIn, now

logger = logging.getLogger(__name__)

LONGEST = 900.0
"""Seconds that somebody may take to confirm; as long as OpenAI's own codes last."""

PROGRESS_SECONDS = 0.5
"""Seconds from one line about what is prepared to the next that is told."""

PROGRESS_CHARACTERS = 200

ENDING = 5.0
"""Seconds between the two sides of a delivered address hearing how that went."""


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
        if running is None or running.container is None or running.prompt.method != "browser" or not running.prompt.url:
            raise Conflict("No sign-in waits for an address.", "Begin one on Agent Hub's Connections page.")
        path = callback(url, running.prompt.port, running.prompt.state)
        async with running.bringing:
            status = await running.container.deliver(running.prompt.port, path)
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
        container = SignInContainer(self._engine, self._store.hub_id, running.id, folder / "home")
        await asyncio.to_thread(container.make_home)
        image = await self._image(running, folder / "layer")
        self._tell(running, "Starting Codex", at_once=True)
        await to_its_end(container.create(image))
        running.container = container
        try:
            async with asyncio.timeout(LONGEST):
                done = await container.log_in(arguments, lambda line: self._hear(running, line))
        except TimeoutError:
            raise _Expired from None
        if done.exit_code:
            # A code lasts as long as OpenAI says, which may be shorter than the hub waits.
            if "timed out" in running.prompt.error:
                raise _Expired
            said = running.prompt.error or f"it ended with {done.exit_code}"
            raise AgentUnavailable(f"Codex could not sign in: {said}", "Try again, or the other way of signing in.")
        login = await asyncio.to_thread(read_login, container.home / "auth.json")
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

    async def _image(self, running: _Running, scratch: Path) -> str:
        def told(what: str) -> LogSink:
            return lambda line: self._tell(running, f"{what}: {line}")

        tag = self._default_base
        try:
            base, _ = await fetch_base(self._engine, tag, False, told(f"Fetching {tag}"))
        except BuildError as error:
            raise AgentUnavailable(
                f"A sign-in runs on the image {tag}, whatever a project's own is: {error.message}",
                f"Try “docker pull {tag}”, or name one that can be had by --AgentHub.base_image.",
            ) from None
        layer = await stage_agent_image(scratch, self._folders.cache, base.id, told("Fetching Codex"))
        if await self._engine.image(layer.ref) is None:
            self._tell(running, "Building Codex's image", at_once=True)
            base_ref = base.id if base.id.startswith("sha256:") else base.ref
            await layer.build(self._engine, base_ref, told("Building Codex's image"))
        return layer.ref

    def _tell(self, running: _Running, progress: str, at_once: bool = False) -> None:
        """Say what is prepared; of the many lines of a build, one now and then."""
        running.progress = progress[:PROGRESS_CHARACTERS]
        if at_once or time.monotonic() - running.told_at > PROGRESS_SECONDS:
            running.told_at = time.monotonic()
            self._show(running, "starting")

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
            "id": running.id,
            "method": prompt.method,
            "state": state,
            "progress": running.progress if state == "starting" else "",
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
        self.container: SignInContainer | None = None
        self.progress = ""
        self.told_at = 0.0
        self.error: AgentHubError | None = None
        self.bringing = asyncio.Lock()

"""A chat on an event loop: as :mod:`agent_hub.notebook.chat`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from agent_hub.errors import AgentHubError, Conflict, NotFound
from agent_hub.notebook import arguments
from agent_hub.notebook.async_project import AsyncProject
from agent_hub.notebook.async_turn import AsyncTurn
from agent_hub.notebook.async_workspace import AsyncChatWorkspace
from agent_hub.notebook.chat import READY_TIMEOUT, STOP_TIMEOUT, WAIT_TIMEOUT, failure, is_ready
from agent_hub.notebook.encoding import Encoded
from agent_hub.notebook.inputs import Inputs, encode_all, place, scratch, told
from agent_hub.notebook.polling import poll_async
from agent_hub.notebook.project import Project
from agent_hub.notebook.threads import in_thread

if TYPE_CHECKING:
    from types import TracebackType

    from agent_hub import models


class AsyncChat(AsyncChatWorkspace):
    """One workspace, one container, one agent. Made by :meth:`AsyncHub.new_chat`.

    What it holds is what was last seen of it: :meth:`refresh` looks.
    """

    @property
    def agent(self) -> str:
        """The agent that works in it."""
        return self._sync.agent

    @property
    def status(self) -> str:
        """How it was: queued, starting, running, stopping, exited, failed, unknown or deleting."""
        return self._sync._data.status.value

    @property
    def exit_code(self) -> int | None:
        """The agent's exit code, once it has ended and the engine knows it."""
        return self._sync._data.exit_code

    @property
    def reason(self) -> str:
        """Why it waited, or how it ended, in a few words."""
        return self._sync._data.reason

    @property
    def tokens(self) -> int:
        """Tokens that a model had counted for it, by way of the hub's gateway."""
        return self._sync._data.tokens

    @property
    def token_budget(self) -> int | None:
        """Most tokens that it might take; None: as many as it likes."""
        return self._sync._data.token_budget

    @property
    def workspace(self) -> str:
        """The folder on the server's machine that the agent works in."""
        return self._sync.workspace

    @property
    def parameters(self) -> dict[str, models.Parameter]:
        """What its prompt was filled in with, where :meth:`AsyncHub.map` has started it."""
        return self._sync.parameters

    async def project(self) -> AsyncProject:
        """The project it belongs to."""
        from agent_hub.models import Project as Data
        from agent_hub.notebook.transport import part

        data = await self._transport.read(f"projects/{part(self._sync._data.project)}", Data)
        return AsyncProject(self._transport, Project(self._transport.sync, data))

    async def turns(self) -> Sequence[AsyncTurn]:
        """What its agent was asked for so far, and did, oldest first."""
        from agent_hub.models import Turn as Data

        found = await self._transport.read_all(f"{self._sync._path}/turns", Data)
        return [AsyncTurn(self._transport, data) for data in found]

    async def turn(self) -> AsyncTurn:
        """The newest of them. Raises :class:`~agent_hub.errors.NotFound` where there is none."""
        turns = await self.turns()
        if not turns:
            raise NotFound(f"The chat {self.name!r} has no turns yet.", "await chat.send(prompt) begins one.")
        return turns[-1]

    async def send(self, prompt: str, *, inputs: Inputs | None = None) -> AsyncTurn:
        """Give its agent a prompt, and return the turn at once; see :meth:`Chat.send`."""
        if not inputs:
            return await self._say(prompt)
        with scratch() as folder:
            files = await in_thread(encode_all, inputs, folder)
            await in_thread(place, self._sync.files, files)
            return await self._say(told(prompt, files))

    async def _begin(self, prompt: str, inputs: list[Encoded]) -> AsyncChat:
        """As :meth:`Chat._begin`."""
        try:
            await self.wait_ready()
            await in_thread(place, self._sync.files, inputs)
            if prompt:
                await self._say(told(prompt, inputs))
        except BaseException:
            with suppress(AgentHubError, TimeoutError):
                await self.delete(force=True)
            raise
        return await self.refresh()

    async def _say(self, prompt: str) -> AsyncTurn:
        from agent_hub.models import Turn as Data

        data = await self._transport.create(f"{self._sync._path}/turns", Data, {"prompt": prompt})
        return AsyncTurn(self._transport, data)

    async def interrupt(self) -> AsyncChat:
        """End the turn that its agent works on, if any; what waits behind it goes on."""
        for turn in await self.turns():
            if turn.status in ("running", "waiting"):
                await turn.interrupt()
        return self

    async def __aenter__(self) -> AsyncChat:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, where it still runs; nothing of it is deleted."""
        # As there: it must not hide what went wrong in the block.
        with suppress(NotFound, Conflict):
            if (await self.refresh()).status in ("queued", "starting", "running", "unknown"):
                await self.stop()

    async def wait_ready(self, timeout: float | None = READY_TIMEOUT) -> AsyncChat:
        """Wait until its agent runs, and return the chat; raises as :meth:`Chat.wait_ready`."""
        async for _ in self._looks(timeout, "does not run"):
            if is_ready(self._sync._data):
                break
        return self

    async def wait(self, timeout: float | None = WAIT_TIMEOUT) -> int | None:
        """Wait until its agent has ended, and return the exit code; raises as :meth:`Chat.wait`."""
        async for _ in self._looks(timeout, "has not ended"):
            if error := failure(self._sync._data):
                raise error
            if self.status == "exited":
                break
        return self.exit_code

    async def start(self) -> AsyncChat:
        """Start it again, with the same workspace and conversation; raises as :meth:`Chat.start`."""
        await self._send("POST", f"{self._sync._path}/start")
        return self

    async def stop(self, timeout: float | None = STOP_TIMEOUT) -> AsyncChat:
        """Stop its agent, and return once it does not run; raises as :meth:`Chat.stop`."""
        await self._send("POST", f"{self._sync._path}/stop")
        async for _ in self._looks(timeout, "still runs"):
            if self.status in ("exited", "failed"):
                break
        return self

    async def rename(self, name: str) -> AsyncChat:
        """Give it another name."""
        await self._send("PATCH", self._sync._path, name=name)
        return self

    async def set_token_budget(self, most: int | None) -> AsyncChat:
        """Let it take at most that many tokens of a model; None: as many as it likes."""
        await self._send("PATCH", self._sync._path, token_budget=arguments.plain(most))
        return self

    async def delete(self, *, force: bool = False, timeout: float | None = STOP_TIMEOUT) -> None:
        """Delete it for good; raises as :meth:`Chat.delete`."""
        await self._transport.delete(self._sync._path, force=force)
        try:
            async for _ in self._looks(timeout, "is not deleted"):
                continue
        except NotFound:
            return

    def _looks(self, timeout: float | None, what: str) -> AsyncIterator[AsyncChat]:
        hint = "chat.status and chat.reason say how it is."
        return poll_async(self.refresh, timeout, f"The chat {self.name!r} {what}", hint)

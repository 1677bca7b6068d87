"""Commands in a chat's container over REST."""

from __future__ import annotations

import asyncio
import codecs
from contextlib import suppress

from tornado.iostream import StreamClosedError

from agent_hub.errors import AgentHubError
from agent_hub.models import CommandEvent, ErrorBody, NewCommand
from agent_hub.server.handler import HubHandler, guarded

BEAT_SECONDS = 10.0
"""Between two signs of life while a command says nothing."""


class ChatRunHandler(HubHandler):
    """``api/chats/{id}/run``"""

    _running: asyncio.Task[None] | None = None

    @guarded
    async def post(self, id: str) -> None:
        """Run a command: a ``CommandEvent`` on each line as it comes, the last one with the exit code.

        A line that is empty says that the command goes on. Ending the connection ends the command.
        """
        self.hub.store.chats[id]
        new = self.body(NewCommand)
        self._running = asyncio.create_task(self._run(id, new), name=f"agent-hub run {id}")
        try:
            await self._running
        except (asyncio.CancelledError, StreamClosedError):
            self.log.debug("A command in chat %s was ended: nobody waits for it any more", id)

    async def _run(self, id: str, new: NewCommand) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

        async def show(part: bytes) -> None:
            if text := decoder.decode(part):
                await self._send(CommandEvent(output=text))

        beats = asyncio.create_task(self._beat())
        try:
            end = await self.hub.commands.run(id, new, show)
            if text := decoder.decode(b"", final=True):
                await self._send(CommandEvent(output=text))
        except AgentHubError as error:
            if not self._headers_written:
                raise
            end = CommandEvent(error=ErrorBody.model_validate(error.to_dict()))
        finally:
            beats.cancel()
        await self._send(end)

    async def _send(self, event: CommandEvent) -> None:
        await self._write(event.model_dump_json(exclude_none=True))

    async def _beat(self) -> None:
        with suppress(StreamClosedError):
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                await self._write("")

    async def _write(self, line: str) -> None:
        if not self._headers_written:
            self.set_header("Content-Type", "application/x-ndjson")
            self.set_header("Cache-Control", "no-store")
            # A proxy that gathers an answer would hold it back until the command has ended.
            self.set_header("X-Accel-Buffering", "no")
        self.write(line + "\n")
        # Awaiting it is the backpressure: the command waits for a slow client.
        await self.flush()

    def on_connection_close(self) -> None:
        """End the command of who has gone."""
        super().on_connection_close()
        if self._running is not None:
            self._running.cancel()


handlers: list[tuple[str, type]] = [
    (r"api/chats/([0-9a-f]+)/run", ChatRunHandler),
]

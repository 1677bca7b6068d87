"""The conversation of a running demo agent: a JSON object on each line of its socket, either way.

The other end is in the chat's hands: a line has a bound, and what is not of the expected form is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from agent_hub.agents.conversation import Conversation, Decision, Listener, Told
from agent_hub.agents.paced import REST, SPELL_SECONDS
from agent_hub.agents.unix_socket import open_socket
from agent_hub.errors import AgentUnavailable
from agent_hub.models import Approval, Item, Model, TurnStatus

LINE_BYTES = 4 * 2**20
"""Longest line that is read; a longer one ends the connection."""

ANSWER_SECONDS = 10.0
"""How long it may take to tell what it remembers."""

LOOK_SECONDS = 0.05
"""Between two looks for its socket."""

Id = Annotated[str, StringConstraints(max_length=200)]


class TurnBegan(Model):
    type: Literal["turn_began"]
    turn: Id


class Prompted(Model):
    type: Literal["prompted"]
    turn: Id
    mark: Id
    prompt: str


class ItemTold(Model):
    type: Literal["item"]
    turn: Id
    item: Item


class TextTold(Model):
    type: Literal["text"]
    turn: Id
    item: Id
    text: str


class Asked(Model):
    type: Literal["asked"]
    turn: Id
    approval: Approval


class Answered(Model):
    type: Literal["answered"]
    approval: Id


class TurnEnded(Model):
    type: Literal["turn_ended"]
    turn: Id
    status: TurnStatus
    problem: str


class TurnRecalled(Model):
    id: Id
    mark: Id
    prompt: str
    status: TurnStatus
    problem: str
    items: tuple[Item, ...]


class Recalled(Model):
    type: Literal["recalled"]
    turns: tuple[TurnRecalled, ...]


_LINE: TypeAdapter[TurnBegan | Prompted | ItemTold | TextTold | Asked | Answered | TurnEnded | Recalled] = TypeAdapter(
    Annotated[
        TurnBegan | Prompted | ItemTold | TextTold | Asked | Answered | TurnEnded | Recalled,
        Field(discriminator="type"),
    ]
)


class DemoConversation(Conversation):
    """What the script does, heard and spoken to. Made by :meth:`join`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener) -> None:
        self._writer = writer
        self._listener = listener
        self._recalled: asyncio.Future[Recalled] | None = None
        self._closing = False
        self._reading = asyncio.create_task(self._read(reader))

    @classmethod
    async def join(cls, path: Path, listener: Listener) -> DemoConversation:
        """Wait until the script listens at `path`, and hear it from then on."""
        while True:
            # What a killed container left is there as well, and nothing listens on it.
            with contextlib.suppress(OSError):
                end = await open_socket(path)
                reader, writer = await asyncio.open_unix_connection(sock=end, limit=LINE_BYTES)
                return cls(reader, writer, listener)
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def thread(self) -> str:
        return ""

    @property
    def heard(self) -> bool:
        return not self._reading.done()

    async def recall(self) -> Sequence[Told]:
        self._recalled = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._send("recall")
                told = await self._recalled
        except TimeoutError:
            raise _unavailable("The demo agent does not answer.") from None
        finally:
            self._recalled = None
        return [Told(turn.id, turn.mark, turn.prompt, turn.status, turn.problem, turn.items) for turn in told.turns]

    async def say(self, mark: str, prompt: str) -> None:
        await self._send("say", mark=mark, prompt=prompt)

    async def interrupt(self, turn: str) -> None:
        await self._send("interrupt", turn=turn)

    async def answer(self, approval: str, decision: Decision) -> None:
        await self._send("answer", approval=approval, decision=decision)

    async def close(self) -> None:
        self._closing = True
        self._writer.transport.abort()
        await self._reading

    async def _send(self, kind: str, **said: str) -> None:
        if self._reading.done():
            raise _unavailable("The demo agent is gone.")
        self._writer.write(json.dumps({"type": kind, **said}).encode() + b"\n")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise _unavailable("The demo agent does not read what it is told.") from error

    async def _read(self, reader: asyncio.StreamReader) -> None:
        spent = 0.0
        try:
            # A value error: a line without an end.
            with contextlib.suppress(OSError, ValueError):
                while line := await reader.readline():
                    began = time.thread_time()
                    with contextlib.suppress(ValidationError):
                        self._take(line)
                    spent += time.thread_time() - began
                    if spent > SPELL_SECONDS:
                        await asyncio.sleep(spent * REST)
                        spent = 0.0
        finally:
            self._writer.close()
            if self._recalled is not None and not self._recalled.done():
                self._recalled.set_exception(_unavailable("The demo agent is gone."))
            if not self._closing:
                self._listener.lost()

    def _take(self, line: bytes) -> None:
        match _LINE.validate_json(line):
            case TurnBegan(turn=turn):
                self._listener.turn_began(turn)
            case Prompted(turn=turn, mark=mark, prompt=prompt):
                self._listener.prompted(turn, mark, prompt)
            case ItemTold(turn=turn, item=item):
                self._listener.item(turn, item)
            case TextTold(turn=turn, item=name, text=text):
                self._listener.text(turn, name, text)
            case Asked(turn=turn, approval=approval):
                self._listener.asked(turn, approval)
            case Answered(approval=approval):
                self._listener.answered(approval)
            case TurnEnded(turn=turn, status=status, problem=problem):
                self._listener.turn_ended(turn, status, problem)
            case Recalled() as told if self._recalled is not None and not self._recalled.done():
                self._recalled.set_result(told)


def _unavailable(message: str) -> AgentUnavailable:
    return AgentUnavailable(message, "The chat's terminal says more; stop the chat and start it again.")

"""The hub's end of a demo agent's socket, whatever is at the other."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agent_hub.agents.conversation import Listener
from agent_hub.agents.demo_conversation import LINE_BYTES, DemoConversation
from agent_hub.errors import AgentUnavailable


class Heard(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.is_lost = asyncio.Event()

    def turn_began(self, turn: str) -> None:
        self.turns.append(turn)

    def lost(self) -> None:
        self.is_lost.set()


async def hear(folder: Path, said: bytes) -> Heard:
    """What is heard of an agent that says `said`, then hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    heard = Heard()
    async with await asyncio.start_unix_server(talk, folder / "demo.sock"), asyncio.timeout(10):
        conversation = await DemoConversation.join(folder / "demo.sock", heard)
        await heard.is_lost.wait()
        with pytest.raises(AgentUnavailable, match="is gone"):
            await conversation.recall()
    return heard


async def test_what_is_not_of_the_form_is_left_out(tmp_path: Path) -> None:
    began = {"type": "turn_began", "turn": "one"}
    lines = [
        b"no JSON",
        b"[" * 10_000,
        json.dumps({"type": "unheard of"}).encode(),
        json.dumps(began | {"turn": "x" * 201}).encode(),
        json.dumps(began | {"turn": None}).encode(),
        b'{"type": "turn_began", "turn": "\\ud800"}',
        json.dumps({"type": "item", "turn": "one", "item": {"type": "message"}}).encode(),
        json.dumps(began).encode(),
    ]
    assert (await hear(tmp_path, b"\n".join(lines) + b"\n")).turns == ["one"]


async def test_a_line_without_an_end_ends_the_connection(tmp_path: Path) -> None:
    assert (await hear(tmp_path, b"x" * (LINE_BYTES + 1))).turns == []


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    async with await asyncio.start_unix_server(lambda reader, writer: None, tmp_path / "another"):
        (tmp_path / "demo.sock").symlink_to(tmp_path / "another")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await DemoConversation.join(tmp_path / "demo.sock", Heard())

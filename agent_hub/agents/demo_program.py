"""The demo agent itself: a script that answers a prompt by the words in it. There is no model in it.

It runs in a chat's terminal, by Python's standard library alone: the hub puts this file into the agent's folder. What
is typed there is a prompt. The hub hears of every turn and gives prompts of its own by a socket beside this file, a
JSON object on each line; ``demo_conversation.py`` is the other end.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import difflib
import json
import math
import os
import re
import secrets
import shlex
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

HELLO = "I am a script, and no model: I answer a prompt by the words in it, always in the same way."
SOCKET = "demo.sock"
LONGEST_LINE = 16 * 2**20
OUTPUT_BYTES = 64 * 1024
"""Of what a command prints, what is told; the rest is read and forgotten."""
REMEMBERED = 100

Json = dict[str, Any]


# -- what it can do: the whole of the script


async def list_files(turn: Turn, asked: re.Match[str]) -> None:
    listed = await turn.run("git ls-files")
    if listed is not None:
        turn.say(f"Git knows of {len(listed.splitlines())} files here. That is all I can tell: I read none of them.")


async def draw(turn: Turn, asked: re.Match[str]) -> None:
    waves = [(step / 10, math.exp(-step / 60) * math.cos(step / 6)) for step in range(200)]
    points = " ".join(f"{20 * x + 20:.1f},{100 - 80 * y:.1f}" for x, y in waves)
    turn.write("waves.csv", "x,y\n" + "".join(f"{x:.1f},{y:.4f}\n" for x, y in waves))
    turn.write(
        "waves.svg",
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 440 200" width="440" height="200">\n'
        '<rect width="440" height="200" fill="white"/><path d="M20 100H420" stroke="silver"/>\n'
        f'<polyline points="{points}" fill="none" stroke="teal" stroke-width="2"/>\n</svg>\n',
    )
    if await turn.run("hub_artifact publish waves.svg waves.csv") is not None:
        turn.say("I drew a wave that fades, and published **waves.svg** with its numbers, **waves.csv**.")


async def note(turn: Turn, asked: re.Match[str]) -> None:
    readme = Path("README.md")
    before = readme.read_text() if readme.is_file() else ""
    turn.write("README.md", before + "\n## Notes\n\nThese lines were written by a script.\n")
    turn.say("I added a section to **README.md**. Look at it as a diff, commit it, or make a branch of it.")


async def descend(turn: Turn, asked: re.Match[str]) -> None:
    steps, rate, x = min(int(asked["steps"]), 1_000_000), float(asked["rate"]), 4.0
    for _ in range(steps):
        # Past this it has left for good, and Python's numbers have an end.
        if abs(x) > 1e6:
            break
        x -= rate * (4 * x**3 - 9 * x**2)
    loss = x**4 - 3 * x**3 + 2
    turn.write("results/metrics.json", json.dumps({"x": x, "loss": loss}) + "\n")
    turn.say(f"After {steps} steps at {rate:g}: x = {x:.4f}, loss = {loss:.4f}.")


async def run(turn: Turn, asked: re.Match[str]) -> None:
    printed = await turn.run(asked["command"].strip(" `."), ask=True)
    turn.say("You did not allow it, so I ran nothing." if printed is None else "I ran it, since you allowed it.")


async def explain(turn: Turn, asked: re.Match[str]) -> None:
    turn.say("I know these prompts alone:\n\n" + "\n".join(f"- {example}" for _, _, example in SKILLS))


SKILLS: Sequence[tuple[str, Callable[[Turn, re.Match[str]], Awaitable[None]], str]] = (
    (r"(?P<steps>\d{1,9}) steps\b.*\brate of (?P<rate>\d*\.?\d+)", descend, "*Descend 100 steps at a rate of 0.01*"),
    (r"^\W*run\b:?(?P<command>.+)", run, "*Run git log*, which asks you first"),
    (r"\b(draw|plot|picture|publish)\b", draw, "*Draw a wave and publish it*"),
    (r"\b(add|edit|change|note|write)\b", note, "*Add a note to the readme*"),
    (r"\b(list|files|what is here)\b", list_files, "*List the files*"),
    (r"", explain, "anything else, for this list"),
)
"""By the first of these patterns that a prompt has; and an example of each."""


# -- how it does it


class Turn:
    """A prompt, and what is done about it, told as it happens."""

    def __init__(self, demo: Demo, mark: str, prompt: str) -> None:
        self.id = secrets.token_hex(8)
        self.mark = mark
        self.prompt = prompt
        self.status = "running"
        self.problem = ""
        self.items: dict[str, Json] = {}
        self._demo = demo

    async def answer(self, introduce: bool) -> None:
        """Do what the first pattern that fits says; and say first who answers, where the terminal alone has said it."""
        if introduce:
            self._tell_message(HELLO)
        for pattern, act, _ in SKILLS:
            asked = re.search(pattern, self.prompt, re.IGNORECASE | re.DOTALL)
            if asked is not None:
                return await act(self, asked)

    def told(self) -> Json:
        """All of it, for who was not there."""
        return {name: getattr(self, name) for name in ("id", "mark", "prompt", "status", "problem")} | {
            "items": list(self.items.values())
        }

    def say(self, text: str) -> None:
        show(text)
        self._tell_message(text)

    def write(self, name: str, text: str) -> None:
        """Write a file of the workspace."""
        path = Path(name)
        is_new = not path.exists()
        lines = [] if is_new else path.read_text().splitlines(keepends=True)
        diff = list(difflib.unified_diff(lines, text.splitlines(keepends=True)))[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        show(f"wrote {name}")
        change = {"path": name, "kind": "add" if is_new else "update", "diff": text if is_new else "".join(diff)}
        self._tell({"type": "files", "id": secrets.token_hex(8), "changes": [change]}, "completed")

    async def run(self, command: str, ask: bool = False) -> str | None:
        """Run a command; what it printed, ``None`` where it was not allowed."""
        item: Json = {"type": "command", "id": secrets.token_hex(8), "command": command, "directory": os.getcwd()}
        show(f"$ {command}")
        self._tell(item, "running")
        if (ask or self._demo.asks_before(command)) and not await self._demo.allows(self, item):
            self._tell(item, "declined")
            return None
        began = time.monotonic()
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            item["text"] = await self._read(process, item["id"])
            item["exit_code"] = await process.wait()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        item["seconds"] = time.monotonic() - began
        self._tell(item, "failed" if item["exit_code"] else "completed")
        if item["exit_code"]:
            raise RuntimeError(f"{command} ended with {item['exit_code']}.")
        return str(item["text"])

    async def _read(self, process: asyncio.subprocess.Process, item: str) -> str:
        assert process.stdout is not None
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        printed = ""
        while piece := await process.stdout.read(4096):
            text = decode(piece) if len(printed) < OUTPUT_BYTES else ""
            printed += text
            show(text, end="")
            self._demo.tell("text", turn=self.id, item=item, text=text)
        return printed

    def _tell_message(self, text: str) -> None:
        self._tell({"type": "message", "id": secrets.token_hex(8), "text": text}, "completed")

    def _tell(self, item: Json, status: str) -> None:
        self.items[item["id"]] = told = item | {"status": status}
        self._demo.tell("item", turn=self.id, item=told)


class Demo:
    """One turn after the other, as prompts come; every hub that listens is told."""

    def __init__(self, ask_before: Sequence[str]) -> None:
        self._ask_before = [shlex.split(command) for command in ask_before]
        self._allowed: set[str] = set()
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._hubs: set[asyncio.StreamWriter] = set()
        self._prompts: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._turns: deque[Turn] = deque(maxlen=REMEMBERED)
        self._work: asyncio.Task[None] | None = None

    async def serve(self, folder: Path) -> None:
        """Listen beside this file, and work until the terminal ends."""
        server = await asyncio.start_unix_server(self._hear, sock=listening(folder), limit=LONGEST_LINE)
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(0, self._typed, ended)
        loop.add_signal_handler(signal.SIGINT, self.interrupt)
        show(HELLO)
        working = asyncio.create_task(self._take_prompts())
        await ended.wait()
        working.cancel()
        server.close()

    def tell(self, kind: str, **told: Any) -> None:
        line = json.dumps({"type": kind, **told}).encode() + b"\n"
        for hub in self._hubs:
            hub.write(line)

    def interrupt(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def asks_before(self, command: str) -> bool:
        split = shlex.split(command)
        return any(split[: len(words)] == words for words in self._ask_before)

    async def allows(self, turn: Turn, item: Json) -> bool:
        """Ask whether a command may run, here and of the hub; whoever answers first is heard."""
        if item["command"] in self._allowed:
            return True
        number = secrets.token_hex(4)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        about = {"id": number, "item": item["id"], "kind": "command", "command": item["command"]}
        self.tell("asked", turn=turn.id, approval=about | {"directory": item["directory"]})
        show("May I run this? y or n: ", end="")
        try:
            decision = await answer
        finally:
            del self._asked[number]
            self.tell("answered", approval=number)
        if decision == "accept_for_session":
            self._allowed.add(item["command"])
        return bool(decision != "decline")

    async def _take_prompts(self) -> None:
        while True:
            show("\n> ", end="")
            mark, prompt = await self._prompts.get()
            if mark:
                show(prompt)
            turn = Turn(self, mark, prompt)
            self._turns.append(turn)
            self.tell("turn_began", turn=turn.id)
            self.tell("prompted", turn=turn.id, mark=mark, prompt=prompt)
            self._work = asyncio.create_task(turn.answer(introduce=len(self._turns) == 1))
            await asyncio.wait([self._work])
            if self._work.cancelled():
                turn.status = "interrupted"
            else:
                error = self._work.exception()
                turn.status, turn.problem = ("failed", str(error)) if error else ("completed", "")
            self._work = None
            show(turn.problem or turn.status)
            self.tell("turn_ended", turn=turn.id, status=turn.status, problem=turn.problem)

    def _typed(self, ended: asyncio.Event) -> None:
        typed = os.read(0, 64 * 1024)
        if not typed:
            return ended.set()
        for line in filter(None, map(str.strip, typed.decode(errors="replace").splitlines())):
            if self._asked:
                self._answer(next(iter(self._asked)), "accept" if line.lower() in ("y", "yes") else "decline")
            else:
                self._prompts.put_nowait(("", line))

    def _answer(self, number: str, decision: str) -> None:
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_result(decision)

    async def _hear(self, reader: asyncio.StreamReader, hub: asyncio.StreamWriter) -> None:
        self._hubs.add(hub)
        try:
            while line := await reader.readline():
                said = json.loads(line)
                if said["type"] == "recall":
                    hub.write(json.dumps({"type": "recalled", "turns": [turn.told() for turn in self._turns]}).encode())
                    hub.write(b"\n")
                elif said["type"] == "say":
                    self._prompts.put_nowait((said["mark"], said["prompt"]))
                elif said["type"] == "answer":
                    self._answer(said["approval"], said["decision"])
                elif said["type"] == "interrupt" and self._turns and said["turn"] == self._turns[-1].id:
                    self.interrupt()
        finally:
            self._hubs.discard(hub)
            hub.close()


def show(text: str, end: str = "\n") -> None:
    print(text, end=end, flush=True)


def listening(folder: Path) -> socket.socket:
    """A socket in that folder, whose path may be longer than a socket's address."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        Path(SOCKET).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(SOCKET)
        listener.listen()
        return listener
    finally:
        os.chdir(here)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Demo(sys.argv[1:]).serve(Path(__file__).parent))

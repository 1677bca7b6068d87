"""A prompt sent from a notebook, up to the first that is told of the answer, beside the same said to Codex itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from statistics import median
from typing import Any

from agent_hub.agents.appserver import AppServer
from agent_hub.agents.codex_socket import find_socket
from agent_hub.hub.folders import Folders
from agent_hub.models import ItemChanged, Message
from agent_hub.notebook.client import Hub
from tests.bench.bench import Bench, Stage
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.project import Project, make_repository
from tests.standins.model_server import ModelServer

HOST = "host.docker.internal"
LIMIT = 60.0
PROMPT = "Count the herons on the lake"


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """One chat, one app-server: the hub's prompts and those of a client of its own by turns."""
    repository = make_repository(stage.server.folder.parent / "conversation", {"README.md": b"# Bench\n"})
    with ModelServer("0.0.0.0", key="bench") as model:
        env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(HOST), "OPENAI_MODEL": "stand-in-1"}
        project = Project(stage.server, repository, bench.base, agent="codex", env=env)
        hub = Hub(stage.server.url, stage.server.token)
        chat = hub.new_chat(project.id, PROMPT)
        chat.turns[0].wait(LIMIT)
        thread = stage.server.request("GET", f"api/chats/{chat.id}")["thread"]
        itself, sent = [], []
        for _ in range(bench.scale.runs):
            itself.append(asyncio.run(_said_to_codex(Folders(stage.server.data), chat.id, thread)))
            # What was said beside the hub is a turn of its as well.
            chat.turn.wait(LIMIT)
            sent.append(_sent(hub, chat.id))
        project.delete()
    over = [milliseconds - median(itself) for milliseconds in sent]
    name = "a prompt sent: to the first told of the answer"
    yield Figure(f"{name}, p50", MILLISECONDS, sent, itself)
    yield Figure(f"{name}, over Codex's own, p50", MILLISECONDS, over, bar=Bar(most=20))


def _sent(hub: Hub, chat_id: str) -> float:
    chat = hub.chats[chat_id]
    started = time.perf_counter()
    with closing(chat.send(PROMPT).stream(LIMIT)) as events:
        for event in events:
            if isinstance(event, ItemChanged) and isinstance(event.item, Message):
                milliseconds = (time.perf_counter() - started) * 1000
                break
    chat.turn.wait(LIMIT)
    return milliseconds


async def _said_to_codex(folders: Folders, chat: str, thread: str) -> float:
    began, ended = asyncio.Event(), asyncio.Event()

    def hear(method: str, params: Mapping[str, Any]) -> None:
        item = params.get("item")
        if method == "item/started" and isinstance(item, dict) and item.get("type") == "agentMessage":
            began.set()
        elif method == "turn/completed":
            ended.set()

    place = find_socket(folders.agent_home(chat), folders.sockets(chat))
    assert place is not None
    codex = await AppServer.connect(place, hear)
    try:
        await codex.call("thread/resume", threadId=thread, excludeTurns=True)
        async with asyncio.timeout(LIMIT):
            started = time.perf_counter()
            await codex.call("turn/start", threadId=thread, input=[{"type": "text", "text": PROMPT}])
            await began.wait()
            milliseconds = (time.perf_counter() - started) * 1000
            await ended.wait()
    finally:
        await codex.close()
    return milliseconds

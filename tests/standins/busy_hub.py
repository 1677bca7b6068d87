"""A stand-in for a hub with many chats whose agents all talk at once, faster than any model does.

It answers what a card asks for, and its events socket tells of every turn that is followed. ``python -m
tests.standins.busy_hub CHATS`` runs it, and prints its address.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Sequence
from http import HTTPStatus

from pydantic import BaseModel
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from agent_hub.models import (
    Chat,
    ChatStatus,
    ConversationEvent,
    EngineStatus,
    FollowedEvent,
    ItemChanged,
    Message,
    Project,
    SnapshotEvent,
    Status,
    TextAdded,
    Turn,
    TurnChanged,
    TurnStatus,
    now,
)

PATH = "/agent-hub/api/"
WORDS_PER_SECOND = 20
WORDS = "The *loss* falls with `lr=3e-4`, and less so **after** 400 steps; "
LONGEST = 4000
"""Characters of one answer; the next one follows it in the same turn."""

STATUS = Status(
    version="0.1.0",
    hub_id="busy",
    engine=EngineStatus(name="none", kind="docker", reachable=True, isolated=True),
)
PROJECT = Project(id="aa", name="busy", url="https://example.org/busy.git")


def a_chat(number: int) -> Chat:
    return Chat(
        id=f"{number:04x}",
        project="aa",
        name=f"Chat {number}",
        agent="codex",
        status=ChatStatus.running,
        started_at=now(),
    )


def a_turn(chat: str) -> Turn:
    return Turn(chat=chat, number=1, prompt="Talk", status=TurnStatus.running, started_at=now())


class BusyHub:
    """The hub.

    Parameters
    ----------
    chats
        How many there are.
    """

    def __init__(self, chats: int) -> None:
        self.chats = [a_chat(number) for number in range(1, chats + 1)]

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?")[0].removeprefix(PATH)
        if path == "events":
            return None
        found = self.get(path.split("/"))
        if found is None:
            return self.respond(404, json.dumps({"code": "not_found", "message": "There is no such thing."}))
        return self.respond(200, to_json(found))

    def get(self, path: Sequence[str]) -> BaseModel | list[BaseModel] | None:
        match path:
            case ["status"]:
                return STATUS
            case ["projects", _]:
                return PROJECT
            case ["chats"]:
                return list(self.chats)
            case ["chats", id]:
                return next(chat for chat in self.chats if chat.id == id)
            case ["chats", id, "turns"]:
                return [a_turn(id)]
            case ["chats", id, "turns", "1"]:
                return a_turn(id)
            case ["chats", _, "artifacts"]:
                return []
        return None

    def respond(self, status: int, body: str) -> Response:
        content = body.encode()
        headers = Headers(
            {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"}
        )
        return Response(status, HTTPStatus(status).phrase, headers, content)

    async def tell(self, connection: ServerConnection) -> None:
        snapshot = SnapshotEvent(seq=0, status=STATUS, projects=(PROJECT,), chats=tuple(self.chats), artifacts=())
        await connection.send(snapshot.model_dump_json())
        talking: set[asyncio.Task[None]] = set()
        try:
            async for message in connection:
                if chat := json.loads(message).get("follow"):
                    talking.add(asyncio.create_task(self.talk(connection, chat)))
        finally:
            for task in talking:
                task.cancel()

    async def talk(self, connection: ServerConnection, chat: str) -> None:
        async def say(event: TurnChanged | ItemChanged | TextAdded) -> None:
            await connection.send(FollowedEvent(chat=chat, event=event).model_dump_json())

        try:
            await connection.send(ConversationEvent(chat=chat, turns=(a_turn(chat),)).model_dump_json())
            for number in itertools.count(1):
                item = Message(id=f"m{number}")
                await say(ItemChanged(number=1, item=item))
                for _ in range(LONGEST // len(WORDS)):
                    await say(TextAdded(number=1, item=item.id, text=WORDS))
                    await asyncio.sleep(1 / WORDS_PER_SECOND)
        except ConnectionClosed:
            return


def to_json(found: BaseModel | list[BaseModel]) -> str:
    if isinstance(found, BaseModel):
        return found.model_dump_json()
    return f"[{','.join(one.model_dump_json() for one in found)}]"


async def main(chats: int) -> None:
    hub = BusyHub(chats)
    async with serve(hub.tell, "127.0.0.1", 0, process_request=hub.answer) as server:
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

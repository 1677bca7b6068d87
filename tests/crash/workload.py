"""What people and agents do to a server while it may be killed."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from tests.crash.expected import Asked, Expected, Life, Publication, sha256
from tests.crash.server import Server

MOST_CHATS = 3
"""Chats that one person keeps."""

FILES = ("loss.png", "a table.csv", "notes")


class Person:
    """Somebody with chats of their own, who does one thing after another with each.

    Parameters
    ----------
    server
        Where the chats are.
    project
        The id of their project.
    bridge
        The address by which containers reach this machine.
    chance
        Says what is done next.
    """

    def __init__(self, server: Server, project: str, bridge: str, chance: random.Random) -> None:
        self._server = server
        self._project = project
        self._bridge = bridge
        self._chance = chance
        self.chats: dict[str, Expected] = {}
        self.asked: list[Asked] = []

    @property
    def living(self) -> list[Expected]:
        """The chats that are surely there."""
        return [chat for chat in self.chats.values() if chat.life is Life.there]

    async def work(self) -> None:
        """Go on until the server does not answer."""
        while await self._act():
            pass

    async def repeat(self) -> None:
        """Ask again for what was asked for with a key and never answered."""
        for asked in [asked for asked in self.asked if asked.key]:
            answer = await self._ask("POST", "api/chats", **self._creation(asked))
            if answer is None:
                return
            assert answer.status_code == 201, answer.text
            self.asked.remove(asked)
            again = await self._ask("POST", "api/chats", **self._creation(asked))
            self._created(answer)
            assert again is None or again.json()["id"] == answer.json()["id"], (answer.json(), again.json())

    # -- what there is to do; each tells whether the server has answered

    async def _act(self) -> bool:
        living = self.living
        if not living or (len(living) < MOST_CHATS and self._chance.random() < 0.3):
            return await self._create()
        chat = self._chance.choice(living)
        deeds: list[tuple[Callable[[Expected], Awaitable[bool]], int]] = [
            (self._rename, 3),
            (self._rename_and_publish, 3),
            (self._delete, 2),
            (self._delete_while_publishing, 1),
            (self._keep, 3),
        ]
        if chat.runs == {True}:
            deeds += [(self._stop, 3), (self._publish, 3), (self._publish_from_inside, 2), (self._rename_and_stop, 1)]
        else:
            deeds += [(self._start, 5)]
        (deed,) = self._chance.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])
        return await deed(chat)

    async def _create(self) -> bool:
        asked = Asked(f"chat {secrets.token_hex(4)}", self._chance.choice(["", secrets.token_hex(8)]))
        self.asked.append(asked)
        answer = await self._ask("POST", "api/chats", **self._creation(asked))
        if answer is None:
            return False
        assert answer.status_code == 201, answer.text
        self.asked.remove(asked)
        self._created(answer)
        return True

    async def _keep(self, chat: Expected) -> bool:
        """Write a file, as an agent does."""
        folder = self._workspace(chat)
        if folder.joinpath(".git").is_dir():
            text = secrets.token_hex(8)
            (folder / "kept.new").write_text(text)
            (folder / "kept.new").replace(folder / "kept.txt")
            chat.kept = text
        await asyncio.sleep(0)
        return True

    async def _rename(self, chat: Expected) -> bool:
        name = f"renamed {secrets.token_hex(4)}"
        chat.names.add(name)
        answer = await self._ask("PATCH", f"api/chats/{chat.id}", json={"name": name})
        if answer is None:
            return False
        assert answer.status_code == 200, answer.text
        chat.names = {name}
        return True

    async def _stop(self, chat: Expected) -> bool:
        chat.runs = {True, False}
        answer = await self._ask("POST", f"api/chats/{chat.id}/stop")
        if answer is None:
            return False
        assert answer.status_code == 202, answer.text
        chat.runs = {False}
        return True

    async def _start(self, chat: Expected) -> bool:
        known = chat.runs
        chat.runs = {True, False}
        answer = await self._ask("POST", f"api/chats/{chat.id}/start")
        if answer is None:
            return False
        if answer.status_code == 409 and known != {False}:
            # Its stop was never answered: it may still run, or still be stopping.
            shown = await self._ask("GET", f"api/chats/{chat.id}")
            if shown is not None and shown.json()["status"] == "running":
                chat.runs = {True}
            return shown is not None
        assert answer.status_code == 202, answer.text
        chat.runs = {True}
        return True

    async def _delete(self, chat: Expected) -> bool:
        force = self._chance.random() < 0.5
        chat.life = Life.perhaps
        answer = await self._ask("DELETE", f"api/chats/{chat.id}", params={"force": str(force).lower()})
        if answer is None:
            return False
        if chat.kept and not force:
            assert answer.status_code == 409 and answer.json()["code"] == "unsaved_work", answer.text
            chat.life = Life.there
        else:
            assert answer.status_code == 204, answer.text
            chat.life = Life.gone
        return True

    async def _publish(self, chat: Expected) -> bool:
        """As ``hub_artifact publish`` in the chat's container does, sooner than a program starts there."""
        run = self._workspace(chat).parent / "run"
        try:
            url, token = ((run / name).read_text().strip() for name in ("artifacts_url", "token"))
        except OSError:
            return True
        url = url.replace("host.docker.internal", self._bridge)
        name = self._chance.choice(FILES)
        data = self._chance.randbytes(self._chance.choice([0, 10, 1000, 300_000]))
        publication = chat.published.setdefault(name, Publication())
        publication.unanswered[sha256(data)] += 1
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self._ask("POST", url, params={"name": name}, content=data, headers=headers)
        if answer is None:
            # Whose token has ended is refused before all of a large file is sent, and may not hear the answer.
            return self._server.alive
        if answer.status_code == 201:
            artifact = answer.json()
            assert (artifact["sha256"], artifact["size"]) == (sha256(data), len(data)), artifact
            publication.acknowledged[artifact["version"]] = sha256(data)
        else:
            # Its token ends with the chat's container.
            assert answer.status_code in (403, 404, 409), (answer.status_code, answer.text)
        publication.unanswered[sha256(data)] -= 1
        return True

    async def _publish_from_inside(self, chat: Expected) -> bool:
        """By ``hub_artifact publish`` itself."""
        name, data = self._chance.choice(FILES), self._chance.randbytes(1000)
        publication = chat.published.setdefault(name, Publication())
        publication.unanswered[sha256(data)] += 1
        said = await self._server.publish(chat.id, name, data)
        if found := re.search(rf"^Published {name} .* version (\d+)$", said, re.MULTILINE):
            publication.acknowledged[int(found[1])] = sha256(data)
            publication.unanswered[sha256(data)] -= 1
        elif "was not published" not in said or "could not be reached" in said:
            # The server, or the container, has ended in the middle of it.
            return self._server.alive
        else:
            # Its token ends with the chat's container.
            assert "is of no chat that runs" in said, said
            publication.unanswered[sha256(data)] -= 1
        return True

    async def _rename_and_publish(self, chat: Expected) -> bool:
        return all(await asyncio.gather(self._rename(chat), self._publish(chat)))

    async def _rename_and_stop(self, chat: Expected) -> bool:
        return all(await asyncio.gather(self._rename(chat), self._stop(chat)))

    async def _delete_while_publishing(self, chat: Expected) -> bool:
        return all(await asyncio.gather(self._publish(chat), self._delete(chat), self._publish(chat)))

    # -- small things

    def _creation(self, asked: Asked) -> dict[str, Any]:
        body = {"project": self._project, "agent": "shell", "name": asked.name}
        return {"json": body, "headers": {"Idempotency-Key": asked.key} if asked.key else {}}

    def _created(self, answer: httpx.Response) -> None:
        chat = answer.json()
        self.chats[chat["id"]] = Expected(chat["id"], {chat["name"]}, {True})

    def _workspace(self, chat: Expected) -> Path:
        return self._server.data / "chats" / chat.id / "workspace"

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        try:
            answer = await self._server.http.request(method, path, **request)
        except httpx.TransportError:
            assert not self._server.alive or path.endswith("/artifacts"), (
                f"{method} {path} was not answered by a server that lives"
            )
            return None
        assert answer.status_code < 500, (method, path, answer.status_code, answer.text, self._server.tail())
        return answer

"""Runs: many chats that are asked for at once, of one prompt with many values in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from functools import partial

from agent_hub.agents import AGENTS
from agent_hub.errors import Conflict, NoConversation, NotFound
from agent_hub.hub.newchats import NewChats
from agent_hub.hub.requests import Request
from agent_hub.hub.store import Store
from agent_hub.hub.titles import title
from agent_hub.models import Chat, ChatSettings, InRun, NewChat, NewRun, Parameter, Run


class Runs:
    """Every run, as its chats tell of it: nothing of a run is kept but with them."""

    def __init__(self, store: Store, new_chats: NewChats) -> None:
        self._store = store
        self._new_chats = new_chats
        self._adding: set[str] = set()

    def __iter__(self) -> Iterator[Run]:
        """Every run, oldest first."""
        found: dict[str, list[Chat]] = {}
        for chat in self._store.chats:
            if chat.run is not None:
                found.setdefault(chat.run.id, []).append(chat)
        return iter([_run(chats) for chats in found.values()])

    def chats(self, id: str) -> Sequence[Chat]:
        """The chats of a run, in their order.

        Raises
        ------
        NotFound
            There is no such run, or all of its chats are deleted.
        """
        found = [chat for chat in self._store.chats if chat.run is not None and chat.run.id == id]
        if not found:
            raise NotFound(f"There is no run {id[:80]!r}.", "It goes with the last of its chats.")
        return sorted(found, key=_number)

    def __getitem__(self, id: str) -> Run:
        """The run of that id; raises ``NotFound``."""
        return _run(self.chats(id))

    async def add(self, new: NewRun, key: str = "") -> Run:
        """Keep the chats of a new run, all or none, and begin the first of them; returns at once.

        Parameters
        ----------
        key
            The request's own, where it may come again: it begins one run, and is answered with it each time.

        Raises
        ------
        Conflict
            There is a run of that name.
        NoConversation
            The agent takes no prompts.
        """
        first = await self._new_chats.once(key, new, partial(self._begin, new))
        if first.run is None:
            raise Conflict("This Idempotency-Key was used for a chat.", "Give each new request a key of its own.")
        return self[first.run.id]

    async def _begin(self, new: NewRun, request: Request | None) -> Chat:
        taken = {run.name for run in self} | self._adding
        if new.name is not None and new.name in taken:
            raise Conflict(
                f"There is a run named “{new.name}” already.",
                "Choose another name, or go on with that one.",
                field="name",
            )
        name = new.name or next(name for i in range(1, len(taken) + 2) if (name := f"run-{i}") not in taken)
        self._adding.add(name)
        try:
            return await self._new_chats.begin(self._chats(new, name), request)
        finally:
            self._adding.discard(name)

    def _chats(self, new: NewRun, name: str) -> Sequence[Chat]:
        settings = {field: getattr(new, field) for field in ChatSettings.model_fields}
        like = self._new_chats.chat(NewChat(**settings | {"name": name}))
        if not AGENTS[like.agent].converses:
            raise NoConversation(
                f"{AGENTS[like.agent].title} takes no prompts, and a run gives each of its chats one.",
                "Name another agent.",
                field="agent",
            )
        run = InRun(id=secrets.token_hex(6), name=name, number=0, size=len(new.tasks), concurrency=new.concurrency)
        chats = []
        for number, task in enumerate(new.tasks, start=1):
            id = secrets.token_hex(6)
            update = {
                "id": id,
                "name": _name(name, number, task.parameters),
                "prompt": task.prompt,
                "run": run.model_copy(update={"number": number, "parameters": task.parameters}),
                "workspace": self._new_chats.workspace(id),
            }
            chats.append(like.model_copy(update=update))
        return chats


def _run(chats: Sequence[Chat]) -> Run:
    place = chats[0].run
    assert place is not None
    return Run(
        id=place.id,
        name=place.name,
        project=chats[0].project,
        size=place.size,
        chats=len(chats),
        done=sum(chat.run is not None and chat.run.done for chat in chats),
        concurrency=place.concurrency,
        created_at=min(chat.created_at for chat in chats),
    )


def _number(chat: Chat) -> int:
    return chat.run.number if chat.run is not None else 0


def _name(run: str, number: int, parameters: dict[str, Parameter]) -> str:
    values = ", ".join(f"{name}={value}" for name, value in parameters.items())
    return title(f"{title(run)} {number}: {values}" if values else f"{title(run)} {number}")

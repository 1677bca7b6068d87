"""The conversation of a running Codex, by its app-server.

Its terminal interface is another client of the same thread, so what is typed there is told here, and the reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_hub.agents import codex_items
from agent_hub.agents.appserver import AppServer
from agent_hub.agents.codex_items import Entry
from agent_hub.agents.codex_socket import connect
from agent_hub.agents.conversation import Conversation, Decision, Listener, Told
from agent_hub.errors import AgentUnavailable
from agent_hub.models import Approval, Chat, TurnStatus, Usage

LOOK_SECONDS = 5.0
"""Between two looks for a thread, where nothing tells that one began."""

logger = logging.getLogger(__name__)

PAGE = 3
"""Items that are asked for at once: each may hold 1 MiB of what a command has printed, and a message has a bound."""

RECALLED = 100
"""Turns, and items of them, that are asked for after a time in which nobody listened."""

RECALLED_CHARACTERS = 16 * 2**20
"""Of what those items say, past which no more are asked for."""

MOST_ASKED = 20
"""Approvals that are waited for at once; those past it are left to the terminal interface."""

_ENDS = {
    "completed": TurnStatus.completed,
    "failed": TurnStatus.failed,
    "interrupted": TurnStatus.interrupted,
    "inProgress": TurnStatus.running,
}
_DECISIONS: Mapping[Decision, str] = {
    "accept": "accept",
    "accept_for_session": "acceptForSession",
    "decline": "decline",
}


class CodexConversation(Conversation):
    """A thread of Codex's, heard and spoken to. Made by :meth:`join`."""

    def __init__(self) -> None:
        # A spare's thread is told to nobody.
        self._listener = Listener()
        self._server: AppServer
        self._thread = ""
        self._turn = ""
        self._counted: dict[str, Usage] = {}
        self._asked: dict[str, int | str] = {}
        self._began = asyncio.Event()
        self._name = ""
        self._subscribing: asyncio.Task[None] | None = None

    @classmethod
    async def join(
        cls, find: Callable[[], Path | None], chat: Chat, listener: Listener | None = None
    ) -> CodexConversation:
        """Wait for the app-server and for its thread, and listen to it from then on.

        Parameters
        ----------
        find
            Looks for the app-server's socket.
        chat
            Whose thread is meant, where there are several, and what it is called: a thread without a name is not
            written down, and is sent to the model to get one.
        listener
            Who is told, if not set later.
        """
        joined = cls()
        if listener is not None:
            joined.listen(listener)
        server = joined._server = await connect(find, joined.notify)
        try:
            server.asked, server.ended = joined.request, joined.gone
            joined._name = chat.name
            joined._thread = await joined._wait_for_thread(chat.thread)
            await joined._hear()
        except BaseException:
            await joined.close()
            raise
        return joined

    def listen(self, listener: Listener) -> None:
        """Tell what happens from now on to somebody else."""
        self._listener = listener

    async def rename(self, name: str) -> None:
        """Give the thread a name."""
        self._name = name
        await self._server.call("thread/name/set", threadId=self._thread, name=name)

    async def set_model(self, model: str) -> None:
        """Use another model from now on."""
        await self._server.call("thread/settings/update", threadId=self._thread, model=model)

    @property
    def thread(self) -> str:
        return self._thread

    @property
    def heard(self) -> bool:
        return self._server.connected

    async def recall(self) -> Sequence[Told]:
        listed = await self._server.call("thread/turns/list", threadId=self._thread, limit=RECALLED)
        turns = _dicts(listed.get("data"))[:RECALLED]
        items: dict[str, list[Entry]] = {}
        for turn, entry in reversed(await self._newest_items()):
            items.setdefault(turn, []).append(entry)
        return [self._recalled(turn, items) for turn in reversed(turns)]

    async def _newest_items(self) -> list[tuple[str, Entry]]:
        """The newest items, each with the id of its turn, newest first."""
        found: list[tuple[str, Entry]] = []
        left = RECALLED_CHARACTERS
        page: dict[str, Any] = {"threadId": self._thread, "limit": PAGE, "sortDirection": "desc"}
        while len(found) < RECALLED and left > 0:
            listed = await self._server.call("thread/items/list", **page)
            entries, cursor = _dicts(listed.get("data"))[:PAGE], listed.get("nextCursor")
            for told in entries:
                # Made a model of at once: as JSON it may take many times the memory.
                entry = Entry.of(told.get("item"))
                left -= entry.size
                found.append((codex_items.name(told.get("turnId")), entry))
            if not entries or not isinstance(cursor, str):
                break
            page["cursor"] = cursor
        return found

    async def say(self, mark: str, prompt: str) -> None:
        said = [{"type": "text", "text": prompt}]
        await self._server.call("turn/start", threadId=self._thread, input=said, clientUserMessageId=mark)

    async def interrupt(self, turn: str) -> None:
        if turn == self._turn:
            await self._server.call("turn/interrupt", threadId=self._thread, turnId=turn)

    async def answer(self, approval: str, decision: Decision) -> None:
        request = self._asked.get(approval)
        if request is not None:
            await self._server.reply(request, {"decision": _DECISIONS[decision]})

    async def close(self) -> None:
        if self._subscribing is not None:
            self._subscribing.cancel()
            await asyncio.wait([self._subscribing])
        await self._server.close()

    # -- what it is told

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Take a notification."""
        if method == "thread/started":
            self._began.set()
            self._follow(params.get("thread"))
        if not self._thread or params.get("threadId") != self._thread:
            return
        turn = codex_items.name(params.get("turnId"))
        match method:
            case "turn/started":
                self._turn = _id_of(params.get("turn"))
                self._listener.turn_began(self._turn)
            case "turn/completed":
                self._end(params.get("turn"))
            case "item/started" | "item/completed":
                self._take_item(turn, params.get("item"), method == "item/completed")
            case "item/agentMessage/delta" | "item/commandExecution/outputDelta" | "item/reasoning/summaryTextDelta":
                text = codex_items.text(params.get("delta"))
                self._listener.text(turn, codex_items.name(params.get("itemId")), text)
            case "item/reasoning/summaryPartAdded" if params.get("summaryIndex"):
                self._listener.text(turn, codex_items.name(params.get("itemId")), "\n\n")
            case "thread/tokenUsage/updated":
                self._count(turn, params.get("tokenUsage"))
            case "serverRequest/resolved":
                self._settled(params.get("requestId"))

    def request(self, number: int | str, method: str, params: Mapping[str, Any]) -> None:
        """Take a request; one that is no approval is left to the terminal interface."""
        kinds = {"item/commandExecution/requestApproval": "command", "item/fileChange/requestApproval": "files"}
        kind = kinds.get(method)
        approval = str(number)
        known = approval in self._asked or len(self._asked) < MOST_ASKED
        if kind is None or params.get("threadId") != self._thread or not known or len(approval) > codex_items.ID_LENGTH:
            return
        self._asked[approval] = number
        asked = Approval(
            id=approval,
            item=codex_items.name(params.get("itemId")),
            kind="command" if kind == "command" else "files",
            command=codex_items.command(params.get("command")),
            directory=codex_items.brief(params.get("cwd"), codex_items.PATH_LENGTH),
            reason=codex_items.brief(params.get("reason"), codex_items.PATH_LENGTH),
        )
        self._listener.asked(codex_items.name(params.get("turnId")), asked)

    def gone(self) -> None:
        """Take it that the connection has ended."""
        self._listener.lost()

    # -- within

    async def _wait_for_thread(self, known: str) -> str:
        """The thread that the terminal interface begins, or goes on with, as it paints its prompt."""
        while True:
            loaded = (await self._server.call("thread/loaded/list")).get("data")
            found = map(codex_items.thread, loaded[:RECALLED]) if isinstance(loaded, list) else ()
            threads = [thread for thread in found if thread]
            if threads:
                return known if known in threads else threads[0]
            # It may be long: before anything, a person may have to sign in.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._began.wait()
            self._began.clear()

    def _follow(self, thread: Any) -> None:
        """Go over to a thread that a person has begun in the terminal; Codex's own have a parent, or do not last."""
        told = thread if isinstance(thread, dict) else {}
        own = told.get("parentThreadId") or told.get("ephemeral") or told.get("threadSource", "user") != "user"
        began = codex_items.thread(told.get("id"))
        if self._thread and began and began != self._thread and not own:
            self._thread, self._turn = began, ""
            self._listener.thread_began(began)
            if self._subscribing is not None:
                # To the thread of before, which is not followed any more.
                self._subscribing.cancel()
            self._subscribing = asyncio.create_task(self._subscribe(), name=f"subscribe to {began}")

    async def _hear(self) -> None:
        # Only a thread that is written down can be resumed, which is how another client comes to hear it.
        await self.rename(self._name)
        await self._server.call("thread/resume", threadId=self._thread, excludeTurns=True)

    async def _subscribe(self) -> None:
        try:
            await self._hear()
        except AgentUnavailable as error:
            logger.warning("A thread that was begun in the terminal is not heard: %s", error.message)

    def _take_item(self, turn: str, told: Any, ended: bool) -> None:
        if isinstance(told, dict) and told.get("type") == "userMessage":
            # It is told as it begins, and again as it ends.
            if not ended:
                self._listener.prompted(turn, codex_items.name(told.get("clientId")), codex_items.prompt(told))
            return
        item = codex_items.item(told, ended)
        if item is not None:
            self._listener.item(turn, item)

    def _end(self, told: Any) -> None:
        turn = _id_of(told)
        self._counted.pop(turn, None)
        if turn == self._turn:
            self._turn = ""
            # Nobody waits for their answers any more.
            self._asked.clear()
        status = _ENDS.get(codex_items.text(told.get("status")), TurnStatus.failed) if isinstance(told, dict) else None
        if turn and status is not None:
            self._listener.turn_ended(turn, status, codex_items.problem(told.get("error")))

    def _count(self, turn: str, told: Any) -> None:
        """Of the thread's tokens, those of the turn: all since the request before its first."""
        counts = told if isinstance(told, dict) else {}
        total = codex_items.usage(counts.get("total"), counts.get("modelContextWindow"))
        last = codex_items.usage(counts.get("last"), None)
        if turn != self._turn or not turn:
            return
        before = self._counted.setdefault(turn, total - last)
        self._listener.usage(turn, total - before)

    def _settled(self, number: Any) -> None:
        if self._asked.pop(str(number), None) is not None:
            self._listener.answered(str(number))

    def _recalled(self, told: dict[str, Any], items: Mapping[str, list[Entry]]) -> Told:
        turn = _id_of(told)
        status = _ENDS.get(codex_items.text(told.get("status")), TurnStatus.failed)
        if status is TurnStatus.running:
            self._turn = turn
        # The newest turns come with their first and last item alone, and the list of items may not reach back as far.
        known = items.get(turn) or [Entry.of(item) for item in _dicts(told.get("items"))[:RECALLED]]
        said = next((entry for entry in known if entry.said), Entry())
        return Told(
            id=turn,
            mark=said.mark,
            prompt=said.prompt,
            status=status,
            problem=codex_items.problem(told.get("error")),
            items=[entry.item for entry in known if entry.item is not None],
        )


def _id_of(told: Any) -> str:
    return codex_items.name(told.get("id")) if isinstance(told, dict) else ""


def _dicts(told: Any) -> list[dict[str, Any]]:
    return [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []

"""The live card of a chat: what is known of it, what a page has been told of that, and what a person does with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, HubUnavailable, NoConversation, NotFound
from agent_hub.models import Artifact, Chat, Item, Project, Turn, TurnEvent
from agent_hub.notebook import chat_display
from agent_hub.notebook.bodies import Bodies
from agent_hub.notebook.card_acts import act
from agent_hub.notebook.card_view import MOST_ITEMS, chat_view, item_view, turn_view
from agent_hub.notebook.conversation import Conversation
from agent_hub.notebook.plain import visible
from agent_hub.notebook.thumbnails import Thumbnails
from agent_hub.notebook.transport import part

if TYPE_CHECKING:
    from agent_hub.notebook.transport import Transport

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 1_000_000
"""Of all items that a page is told of at once; what it is not told of is the oldest."""

_doing = ThreadPoolExecutor(4, thread_name_prefix="agent-hub card")
"""What a person asked for waits for the hub here, and never in the kernel."""


class Card:
    """One chat's card; all views of it in a notebook show the same.

    ``tell`` is called with each message for the page, from any thread; ``settled`` when something has come to an end
    that a saved notebook should show.
    """

    def __init__(self, transport: Transport, chat: Chat) -> None:
        self._transport = transport
        self._chat = chat
        self._path = f"chats/{part(chat.id)}"
        # Never held over a request: the kernel's main thread and its connection's take it.
        self._lock = threading.RLock()
        self._conversation = Conversation()
        self._thumbnails = Thumbnails()
        self._loading: Future[None] | None = None
        self._is_loaded = False
        self._is_told = False
        self._is_followed = False
        self._bodies = Bodies()
        self._sequence = 0
        self._head: dict[str, Any] = {}
        self._done: dict[str, str] = {}
        self._project = ""
        self._gone = False
        self._away = ""
        self._unsettled = False
        self.tell: Callable[[dict[str, Any]], None] = lambda message: None
        self.settled: Callable[[], None] = lambda: None

    @property
    def chat_id(self) -> str:
        """The chat."""
        return self._chat.id

    def still(self) -> AbstractContextManager[object]:
        """A context in which nothing is told, from no thread."""
        return self._lock

    # -- what is asked for

    def load(self) -> None:
        """Ask the hub for all that is not known. Raises where it refuses."""
        try:
            if not self._is_loaded:
                self._ask()
                self._is_loaded = True
            while self._ask_for_more():
                self.show()
        except NotFound:
            self._gone = True
        except HubUnavailable as error:
            with self._lock:
                # Where a connection tells of the chat, it tells of its loss as well.
                if not self._is_followed:
                    self._away = _away(error.message)

    def load_soon(self) -> Future[None]:
        """Do that on a thread of its own; what is shown follows."""
        with self._lock:
            if self._loading is not None:
                return self._loading
            loading: Future[None] = Future()
            if self._is_loaded and self._missing() == (None, None):
                loading.set_result(None)
            else:
                self._loading = loading
                threading.Thread(target=self._load, args=(loading,), name="agent-hub load", daemon=True).start()
            return loading

    def _load(self, loading: Future[None]) -> None:
        error: Exception | None = None
        try:
            self.load()
        except Exception as raised:
            logger.debug("Could not load %s", self._path, exc_info=True)
            error = raised
        with self._lock:
            self._unsettled = True
            if self._loading is loading:
                self._loading = None
        self.show()
        if error is None:
            loading.set_result(None)
        else:
            loading.set_exception(error)

    def _ask(self) -> None:
        """Ask for the chat, and for what there is of it."""
        chat = self._transport.read(self._path, Chat)
        with self._lock:
            if not self._is_told:
                self._chat = chat
        try:
            heads = self._transport.read_all(f"{self._path}/turns", Turn)
            with self._lock:
                self._conversation.take_heads(heads)
        except NoConversation:
            self._conversation.speaks = False
        artifacts = self._transport.read_all(f"{self._path}/artifacts", Artifact)
        project = self._transport.read(f"projects/{part(chat.project)}", Project)
        with self._lock:
            self._project = project.name
            for artifact in artifacts:
                self._thumbnails.take(artifact)

    def _ask_for_more(self) -> bool:
        """Ask for one thing of what is not known of it; whether there was any."""
        with self._lock:
            head, artifact = self._missing()
            if head is None and artifact is None:
                # What is told of from here on is asked for by another thread.
                self._loading = None
                return False
        if head is not None:
            turn = self._turn(head)
            with self._lock:
                self._conversation.take_turn(turn)
        elif artifact is not None:
            picture = self._picture(artifact)
            with self._lock:
                self._thumbnails.take_picture(artifact, picture)
        return True

    def _missing(self) -> tuple[Turn | None, Artifact | None]:
        return self._conversation.missing, self._thumbnails.missing

    def _turn(self, head: Turn) -> Turn:
        try:
            return self._transport.read(f"{self._path}/turns/{head.number}", Turn)
        except NotFound:
            return head

    def _picture(self, artifact: Artifact) -> bytes:
        try:
            return self._transport.content(f"artifacts/{part(artifact.id)}/content")
        except HubUnavailable:
            raise
        except AgentHubError:
            return b""

    def html(self) -> str:
        """All of it, for a page without a kernel."""
        with self._lock:
            if self._gone:
                return chat_display.html(self._chat, [], 0, "", note="This chat is deleted.")
            turns = self._conversation.turns
            return chat_display.html(
                self._chat, turns, self._conversation.older, self._thumbnails.html(), note=self._away
            )

    def text(self) -> str:
        """All of it, in plain text."""
        with self._lock:
            return chat_display.text(self._chat, self._conversation.turns, "deleted" if self._gone else self._away)

    # -- what is told, on the connection's thread

    def changed(self, chat: Chat | None) -> None:
        with self._lock:
            self._is_told = True
            if chat is None:
                self._gone, self._unsettled = True, True
                return
            ended = chat.status != self._chat.status
            self._chat, self._gone = chat, False
            self._unsettled = self._unsettled or ended

    def published(self, artifact: Artifact) -> None:
        with self._lock:
            if self._thumbnails.take(artifact):
                self._unsettled = True
                self.load_soon()

    def conversed(self, turns: tuple[Turn, ...]) -> None:
        with self._lock:
            self._conversation.take_all(turns)
            self.load_soon()

    def happened(self, event: TurnEvent) -> None:
        with self._lock:
            self._conversation.take(event)
            if event.type == "turn" and (event.turn.status.ended or event.turn.status.value == "waiting"):
                self._unsettled = True

    def away(self, why: str) -> None:
        with self._lock:
            self._is_followed = True
            self._away = _away(why)
            if not why:
                self.load_soon()

    def show(self) -> int:
        """Tell the page what is new; how many characters that was."""
        with self._lock:
            message = self._news()
            settled, self._unsettled = self._unsettled, False
            if message:
                # Within the lock: the page counts them.
                self.tell(message)
        if settled:
            self.settled()
        return _size(message)

    def rest(self, why: str) -> None:
        """Nothing is told from now on, for that reason."""
        with self._lock:
            self._away = why
        self.show()

    # -- what the page is told

    def everything(self) -> dict[str, Any]:
        """What a page is told that knows nothing yet."""
        with self._lock:
            turns = [turn_view(turn, turn.items) for turn in self._conversation.turns]
            known = [(turn.number, item) for turn in self._conversation.turns for item in turn.items[-MOST_ITEMS:]]
            return {
                "all": True,
                "sequence": self._sequence,
                "head": self._head_now(),
                "turns": turns,
                "items": [self._bodies.whole(view) for view in _views(known)],
                "artifacts": self._thumbnails.views(),
            }

    def _news(self) -> dict[str, Any]:
        message: dict[str, Any] = {}
        head = self._head_now()
        if head != self._head:
            self._head = message["head"] = head
        news = self._conversation.news()
        if news:
            message["turns"] = []
            new: list[tuple[int, Item]] = []
            for number, ids in news.items():
                transcript = self._conversation.turn(number)
                if transcript is None:
                    continue
                asked = [transcript.item(approval.item) for approval in transcript.head.approvals]
                message["turns"].append(turn_view(transcript.head, filter(None, asked)))
                for id in list(ids)[-MOST_ITEMS:]:
                    item = transcript.item(id)
                    if item is not None:
                        new.append((number, item))
            message["items"] = [self._bodies.since(view) for view in _views(new)]
            message["first"] = self._conversation.first
            self._bodies.forget_before(self._conversation.first)
        artifacts = self._thumbnails.news()
        if artifacts is not None:
            message["artifacts"] = artifacts
        if self._done:
            message["done"], self._done = self._done, {}
        if message:
            self._sequence += 1
            message["sequence"] = self._sequence
        return message

    def _head_now(self) -> dict[str, Any]:
        view = chat_view(self._chat, self._project, self._conversation.current, self._conversation.speaks)
        note = "This chat is deleted." if self._gone else self._away
        if self._gone:
            view |= {"mark": "ended", "word": "Deleted"}
        if self._gone or self._away:
            view |= dict.fromkeys(("send", "interrupt", "stop", "start"), False)
            view |= {"word": view["word"] if self._gone else "Unknown", "mark": "ended", "since": ""}
        return view | {
            "note": note,
            "older": self._conversation.older,
            "link": f"{self._transport.url}lab?agent-hub-chat={part(self._chat.id)}",
        }

    # -- what a person does

    def asked(self, content: Mapping[str, Any]) -> None:
        """Do what the page asks for, soon. It can ask for anything."""
        if content.get("do") == "all":
            with self._lock:
                self.tell(self.everything())
        else:
            _doing.submit(self._do, dict(content))

    def _do(self, content: dict[str, Any]) -> None:
        error = ""
        try:
            act(self._transport, self._path, content)
        except AgentHubError as refused:
            error = f"{refused.message} {refused.hint}".strip()
        with self._lock:
            self._done[str(content.get("ask"))] = visible(error)
        self.show()


def _views(items: Sequence[tuple[int, Item]]) -> list[dict[str, Any]]:
    """The newest items, as many as a page is told of at once."""
    views: list[dict[str, Any]] = []
    room = MOST_CHARACTERS
    for number, item in reversed(items):
        views.append(item_view(number, item))
        room -= len(views[-1]["body"])
        if room <= 0:
            break
    return views[::-1]


def _away(why: str) -> str:
    return f"The server does not answer, and is asked again and again ({why})." if why else ""


def _size(message: Mapping[str, Any]) -> int:
    if not message:
        return 0
    bodies = sum(len(item["body"]) for item in message.get("items", ()))
    return 500 + bodies + sum(len(view["picture"]) for view in message.get("artifacts", ()))

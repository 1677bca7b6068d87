"""The live card of a chat: what is known of it, what a page has been told of that, and what a person does with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError, HubUnavailable, InvalidInput, NotFound
from agent_hub.models import Artifact, Chat, Item, Project, Turn, TurnEvent
from agent_hub.notebook import chat_display
from agent_hub.notebook.card_view import MOST_ITEMS, chat_view, item_view, turn_view
from agent_hub.notebook.conversation import Conversation
from agent_hub.notebook.plain import visible
from agent_hub.notebook.thumbnails import Thumbnails
from agent_hub.notebook.transport import part

if TYPE_CHECKING:
    from agent_hub.notebook.transport import Transport

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
        self._lock = threading.RLock()
        self._conversation = Conversation(transport, self._path)
        self._thumbnails = Thumbnails(transport)
        self._sent: dict[tuple[int, str], str] = {}
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

    def load(self) -> None:
        """Ask the hub for all that is not known. Raises as the hub answers."""
        try:
            chat = self._transport.read(self._path, Chat)
            artifacts = self._transport.read_all(f"{self._path}/artifacts", Artifact)
            project = self._transport.read(f"projects/{part(chat.project)}", Project).name
            with self._lock:
                self._chat, self._project = chat, project
                self._conversation.load()
                for artifact in artifacts:
                    self._thumbnails.take(artifact)
        except NotFound:
            self._gone = True
        except HubUnavailable as error:
            self.away(error.message)

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

    def conversed(self, turns: tuple[Turn, ...]) -> None:
        with self._lock:
            self._conversation.take_all(turns)

    def happened(self, event: TurnEvent) -> None:
        with self._lock:
            self._conversation.take(event)
            if event.type == "turn" and (event.turn.status.ended or event.turn.status.value == "waiting"):
                self._unsettled = True

    def away(self, why: str) -> None:
        with self._lock:
            self._away = f"The server does not answer, and is asked again and again ({why})." if why else ""

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
            turns = [turn_view(turn) for turn in self._conversation.turns]
            known = [(turn.number, item) for turn in self._conversation.turns for item in turn.items[-MOST_ITEMS:]]
            items = _views(known)
            for view in items:
                self._sent.setdefault((view["turn"], view["item"]), view["body"])
            return {
                "all": True,
                "sequence": self._sequence,
                "head": self._head_now(),
                "turns": turns,
                "items": [view | {"body": self._sent[view["turn"], view["item"]]} for view in items],
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
                message["turns"].append(turn_view(transcript.head))
                for id in list(ids)[-MOST_ITEMS:]:
                    item = transcript.item(id)
                    if item is not None:
                        new.append((number, item))
            message["items"] = [self._since(view) for view in _views(new)]
            first = message["first"] = self._conversation.first
            self._sent = {key: body for key, body in self._sent.items() if key[0] >= first}
        if self._thumbnails.changed:
            message["artifacts"] = self._thumbnails.views()
        if self._done:
            message["done"], self._done = self._done, {}
        if message:
            self._sequence += 1
            message["sequence"] = self._sequence
        return message

    def _since(self, view: dict[str, Any]) -> dict[str, Any]:
        """The view of an item, with only that of its body which the page does not have."""
        key = (view["turn"], view["item"])
        before, body = self._sent.get(key, ""), view["body"]
        self._sent[key] = body
        same = _common(before, body)
        # A page counts in UTF-16.
        return view | {"keep": len(body[:same].encode("utf-16-le", "surrogatepass")) // 2, "body": body[same:]}

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
            self._act(content)
        except AgentHubError as refused:
            error = f"{refused.message} {refused.hint}".strip()
        with self._lock:
            self._done[str(content.get("ask"))] = visible(error)
        self.show()

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"do": "send", "prompt": str(prompt)}:
                self._transport.create(f"{self._path}/turns", Turn, {"prompt": prompt})
            case {"do": "interrupt"}:
                known = self._conversation.current
                for turn in self._transport.read_all(f"{self._path}/turns", Turn) if known else []:
                    if turn.status.value in ("running", "waiting"):
                        self._transport.send("POST", f"{self._path}/turns/{turn.number}/interrupt", Turn)
            case {"do": "stop" | "start" as what}:
                self._transport.send("POST", f"{self._path}/{what}", Chat)
            case {"do": "answer", "approval": str(approval), "decision": str(decision)}:
                if decision not in ("accept", "accept_for_session", "decline"):
                    raise InvalidInput(f"{decision!r} is no answer.")
                self._transport.post(f"{self._path}/approvals/{part(approval)}", {"decision": decision})
            case _:
                raise InvalidInput("This card does not know what is asked for.", "Run the cell again.")


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


def _common(before: str, after: str) -> int:
    """How many characters two texts begin with alike."""
    if after.startswith(before):
        return len(before)
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[:middle] == after[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _size(message: Mapping[str, Any]) -> int:
    if not message:
        return 0
    bodies = sum(len(item["body"]) for item in message.get("items", ()))
    return 500 + bodies + sum(len(view["picture"]) for view in message.get("artifacts", ()))

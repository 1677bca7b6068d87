"""A chat's life as a state machine: pure functions from a chat and what happened to the chat after it.

::

    queued ──► starting ──► running ──► exited ──► (start again: queued)
      │           │            │  ▲        ▲
      │           ▼            ▼  │        │
      └────────► failed     unknown ───────┘        any ──► deleting ──► gone

``unknown`` is a chat whose engine does not answer: nobody can say whether it still runs.
"""

from __future__ import annotations

from agent_hub.engines.base import ContainerStatus
from agent_hub.errors import AgentHubError, Conflict
from agent_hub.models import Chat, ChatStatus, ErrorBody, now

ACTIVE = (ChatStatus.queued, ChatStatus.starting, ChatStatus.running, ChatStatus.stopping, ChatStatus.unknown)
"""States in which a chat has, or is about to have, a running container."""


def queued(chat: Chat, reason: str = "") -> Chat:
    """Asked to start. Raises :class:`~agent_hub.errors.Conflict` unless it has ended."""
    if chat.status is ChatStatus.deleting:
        raise Conflict("This chat is being deleted.", "Start a new one.")
    if chat.status in ACTIVE:
        raise Conflict(f"This chat is {chat.status.value} already.", "Stop it first to start it anew.")
    update = {"status": ChatStatus.queued, "reason": reason, "error": None, "exit_code": None, "ended_at": None}
    return chat.model_copy(update=update)


def waiting(chat: Chat, place: int, reason: str) -> Chat:
    """It waits for its turn, at that place of its project's queue."""
    if chat.status is not ChatStatus.queued:
        return chat
    return chat.model_copy(update={"place": place, "reason": reason})


def starting(chat: Chat, image: str, commit: str) -> Chat:
    """Its turn has come. A chat keeps the image and commit it first started from."""
    if chat.status not in (ChatStatus.queued, ChatStatus.starting):
        # Asked to stop or to go since: whoever asked gives its start up.
        return chat
    return chat.model_copy(
        update={
            "status": ChatStatus.starting,
            "place": 0,
            "reason": "",
            "image": chat.image or image,
            "commit": chat.commit or commit,
        }
    )


def running(chat: Chat, container: str, thread: str = "") -> Chat:
    """Its container runs."""
    if chat.status in (ChatStatus.stopping, ChatStatus.deleting):
        return chat
    update = {"status": ChatStatus.running, "reason": "", "container": container, "error": None, "exit_code": None}
    update["thread"] = thread or chat.thread
    return chat.model_copy(update=update | {"started_at": chat.started_at or now(), "ended_at": None})


def stopping(chat: Chat) -> Chat:
    """Asked to stop. Raises :class:`~agent_hub.errors.Conflict` unless it runs."""
    if chat.status not in ACTIVE:
        raise Conflict(f"This chat does not run: it is {chat.status.value}.", "There is nothing to stop.")
    return chat.model_copy(update={"status": ChatStatus.stopping, "place": 0, "reason": ""})


def ended(chat: Chat, status: ContainerStatus, thread: str = "") -> Chat:
    """Its container was seen not to run any more."""
    if chat.status not in (ChatStatus.running, ChatStatus.stopping, ChatStatus.unknown):
        # Somebody has asked for another run since, or for it to go.
        return chat
    reason, exit_code = status.reason, status.exit_code
    if status.state == "lost":
        reason = "its container is gone; the workspace is kept"
    elif chat.status is ChatStatus.stopping:
        # The code is the signal's that ended it: beside what failed of itself, 129 would look like a failure.
        reason, exit_code = "stopped", None
    return chat.model_copy(
        update={
            "status": ChatStatus.exited,
            "exit_code": exit_code,
            "reason": reason,
            "thread": thread or chat.thread,
            "ended_at": now(),
            "container": "" if status.state == "lost" else chat.container,
        }
    )


def failed(chat: Chat, error: AgentHubError) -> Chat:
    """It could not be started."""
    if chat.status in (ChatStatus.stopping, ChatStatus.deleting):
        return chat
    body = ErrorBody.model_validate(error.to_dict())
    update = {"status": ChatStatus.failed, "place": 0, "reason": error.message, "error": body, "ended_at": now()}
    return chat.model_copy(update=update)


def cancelled(chat: Chat) -> Chat:
    """Its start was given up before the container ran."""
    if chat.status is not ChatStatus.stopping:
        return chat
    return chat.model_copy(update={"status": ChatStatus.exited, "reason": "stopped", "ended_at": now()})


def unreachable(chat: Chat) -> Chat:
    """The engine does not answer. What is being stopped still is, once it is back."""
    if chat.status is ChatStatus.running:
        return chat.model_copy(update={"status": ChatStatus.unknown, "reason": "the engine does not answer"})
    return chat


def kept_back(chat: Chat, error: AgentHubError) -> Chat:
    """It could not be deleted without losing its work, so it stays; its container is gone."""
    body = ErrorBody.model_validate(error.to_dict())
    update = {"status": ChatStatus.exited, "reason": error.message, "error": body, "ended_at": now(), "container": ""}
    return chat.model_copy(update=update)


def deleting(chat: Chat) -> Chat:
    """Asked to go, for good."""
    return chat.model_copy(update={"status": ChatStatus.deleting, "place": 0, "reason": ""})

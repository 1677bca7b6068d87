"""``agent_cli --project``: a chat in this terminal, from its project to its agent's exit."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import NoReturn

from agent_hub.cli.attachment import ENDING, HELD, Attachment, Left
from agent_hub.cli.background import data_dir, hub_of
from agent_hub.cli.chat import ENDED, find_chat, stop
from agent_hub.cli.options import Wanted, Where
from agent_hub.cli.project import Projects, Source
from agent_hub.cli.say import say
from agent_hub.cli.servers import named, nearest
from agent_hub.cli.tty import Tty
from agent_hub.errors import AgentHubError, NotFound
from agent_hub.models import Chat, Project, Status
from agent_hub.notebook.status import NOT_ISOLATED
from agent_hub.notebook.transport import Transport, part

LAST = ""
"""What ``--resume`` without a chat means."""


def run(source: str, wanted: Wanted, resume: str | None, where: Where) -> int:
    """Show a chat of a project until it ends; returns the exit code of the command."""
    with _told_to_end():
        wanted.check()
        repository = Source(source)
        if where.url is not None:
            return _on(named(where), repository, wanted, resume)
        with hub_of(data_dir(where), partial(nearest, where)) as hub:
            return _on(hub, repository, wanted, resume)


def _on(hub: Transport, source: Source, wanted: Wanted, resume: str | None) -> int:
    if not hub.read("status", Status).engine.isolated:
        say(NOT_ISOLATED)
    projects = Projects(hub, source, wanted)
    if resume is None:
        source.warn()
        project = projects.ready()
        # A signal has to wait until somebody knows what there is to be stopped.
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        chat = hub.create("chats", Chat, wanted.chat(project.id))
        return attach(hub, chat, owned=True)
    chat = _last(hub, projects.of_the_source(), wanted, source) if resume == LAST else find_chat(hub, resume)
    if wanted.of_the_chat:
        say(f"{chat.name!r} goes on as it was made: {', '.join(wanted.of_the_chat)} would change a new chat alone")
    if chat.status.value in ENDED:
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        chat = hub.send("POST", f"chats/{part(chat.id)}/start", Chat)
        return attach(hub, chat, owned=True)
    say(f"{chat.name!r} is {chat.status.value}: showing it")
    return attach(hub, chat, owned=False)


def _last(hub: Transport, projects: list[Project], wanted: Wanted, source: Source) -> Chat:
    """The chat of these projects that was used last."""
    ids = {project.id for project in projects}
    chats = [
        chat
        for chat in hub.read_all("chats", Chat)
        if chat.project in ids and wanted.agent in (None, chat.agent) and chat.status.value != "deleting"
    ]
    if not chats:
        raise NotFound(f"No chat of {source.url} is there to go on with.", "Leave --resume out to start one.")
    return max(chats, key=lambda chat: chat.ended_at or chat.started_at or chat.created_at)


def attach(hub: Transport, chat: Chat, *, owned: bool) -> int:
    """Show a chat's terminal until it ends; returns the exit code of the command.

    Parameters
    ----------
    owned
        It was started for this terminal, and is stopped with it.
    """
    attachment = Attachment(hub, chat, Tty())
    left = asyncio.run(attachment.show(partial(_stop, hub, chat) if owned else None))
    if left is Left.detached:
        say(f"left {chat.name!r}, which goes on")
        say(f"to come back: agent_cli attach {chat.id}")
        return 0
    return 128 + attachment.signal if left is Left.told else exit_code(attachment.chat)


def exit_code(chat: Chat) -> int:
    """How a chat's end is told to who started the command. Raises why it could not start."""
    if chat.error is not None:
        raise AgentHubError.from_dict(chat.error.model_dump())
    if chat.exit_code is None:
        say(f"{chat.name!r} ended: {chat.reason or 'nobody knows how'}")
        return 1
    return chat.exit_code


def _stop(hub: Transport, chat: Chat) -> None:
    """Stop a chat whose terminal ends, and return once it does not run."""
    try:
        # It may be deleted meanwhile.
        with suppress(NotFound):
            stop(hub, chat)
    except (AgentHubError, TimeoutError) as error:
        say(f"{chat.name!r} could not be stopped, and may still run: agent_cli stop {chat.id}. {error}")


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command by way of what it has to do first."""
    before = {signum: signal.signal(signum, _end) for signum in ENDING}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + signum)

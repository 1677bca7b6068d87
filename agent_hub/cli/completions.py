"""What a shell offers in the place of an argument. It shows no error, so none is told."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PATIENCE_SECONDS = 2.0
"""How long a hub may take for an answer: a person waits with a key pressed."""


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What the shell itself completes."""
    return _of_the_shell("file", incomplete)


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders alone."""
    return _of_the_shell("dir", incomplete)


def chats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The chats of the hub that the command would ask, with their states."""
    from agent_hub.cli.servers import asked
    from agent_hub.errors import AgentHubError
    from agent_hub.models import Chat
    from agent_hub.notebook.chat import describe

    with suppress(AgentHubError, OSError):
        found = asked(ctx, PATIENCE_SECONDS).read_all("chats", Chat)
        return _named([(chat.name, chat.id, describe(chat)) for chat in found], incomplete)
    return []


def projects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Projects of the hub; where none begins like that, folders."""
    from agent_hub.cli.servers import asked
    from agent_hub.errors import AgentHubError
    from agent_hub.models import Project

    with suppress(AgentHubError, OSError):
        found = asked(ctx, PATIENCE_SECONDS).read_all("projects", Project)
        if offered := _named([(project.name, project.id, project.url) for project in found], incomplete):
            return offered
    return folders(ctx, param, incomplete)


def _of_the_shell(kind: str, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type=kind)]


def _named(found: list[tuple[str, str, str]], incomplete: str) -> list[CompletionItem]:
    """Of names, ids and what is told of each, what begins like that: by its name where no other has that."""
    from click.shell_completion import CompletionItem

    count = Counter(name for name, _, _ in found)
    offered = [(name if count[name] == 1 else id, about) for name, id, about in found]
    return [CompletionItem(text, help=about) for text, about in offered if text.startswith(incomplete)]

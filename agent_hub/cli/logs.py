"""``agent_cli logs``"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from agent_hub.cli import completions
from agent_hub.cli.answers import AS_JSON, answer
from agent_hub.cli.chat import chat_of
from agent_hub.cli.options import SERVER, options
from agent_hub.cli.shown import readable

if TYPE_CHECKING:
    from agent_hub.models import Turn


@click.command("logs")
@click.argument("chat", shell_complete=completions.chats)
@click.option("--terminal", is_flag=True, help="What its terminal has shown, also where there is a conversation.")
@click.option("--build", is_flag=True, help="What the newest build of its project has printed.")
@options(AS_JSON, SERVER)
@click.pass_context
def command(ctx: click.Context, /, chat: str, terminal: bool, build: bool, as_json: bool, **server: Any) -> None:
    """Print what a chat's agent was told, did and said.

    Of an agent that has no conversation, such as a shell, it is what its terminal has shown.
    """
    from agent_hub.errors import NoConversation
    from agent_hub.models import Turn
    from agent_hub.notebook.transport import part

    if terminal and build:
        raise click.UsageError("Choose one of --terminal and --build.")
    hub, found = chat_of(ctx, chat)
    path = f"chats/{part(found.id)}/turns"
    turns: list[Turn] = []
    if not terminal and not build:
        with suppress(NoConversation):
            turns = hub.read_all(path, Turn)
    if turns:
        whole = [hub.read(f"{path}/{turn.number}", Turn) for turn in turns]
        if as_json:
            answer({"chat": found.id, "turns": whole})
        else:
            click.echo(readable("\n\n".join(map(_told, whole))))
        return
    text = hub.text(f"projects/{part(found.project)}/build/log" if build else f"terminals/{part(found.id)}/text")
    if as_json:
        answer({"chat": found.id, "build" if build else "terminal": text.splitlines()})
    else:
        click.echo(readable(text), nl=False)


def _told(turn: Turn) -> str:
    """A turn as text: the prompt, each step, and how it ended."""
    from agent_hub.models import Command, FileChanges, Message, Reasoning, ToolCall

    parts = ["\n".join(f"> {line}" for line in turn.prompt.splitlines())]
    for item in turn.items:
        match item:
            case Message():
                parts.append(item.text.rstrip())
            case Command():
                code = f"\n[exit code {item.exit_code}]" if item.exit_code else ""
                parts.append(f"$ {item.command}\n{item.text.rstrip()}{code}")
            case FileChanges():
                parts.extend(f"[{change.kind} {change.path}]" for change in item.changes)
            case ToolCall():
                parts.append(f"[{item.title}]")
            case Reasoning():
                continue
    if turn.error is not None:
        parts.append(f"[{turn.status.value}: {turn.error.message}]")
    elif turn.status.value != "completed":
        parts.append(f"[{turn.status.value}]")
    return "\n\n".join(part for part in parts if part.strip())

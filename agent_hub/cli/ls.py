"""``agent_cli ls``"""

from __future__ import annotations

from typing import Any

import click

from agent_hub.cli.answers import AS_JSON, age, answer, table
from agent_hub.cli.options import SERVER, options


@click.command("ls")
@options(AS_JSON, SERVER)
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **server: Any) -> None:
    """List projects and chats, with their states."""
    from agent_hub.cli.servers import asked
    from agent_hub.models import Chat, Project
    from agent_hub.notebook.chat import describe
    from agent_hub.notebook.project import build_status

    hub = asked(ctx)
    projects, chats = hub.read_all("projects", Project), hub.read_all("chats", Chat)
    if as_json:
        answer({"projects": projects, "chats": chats})
        return
    table(
        ("PROJECT", "BUILD", "REPOSITORY"),
        [(project.name, build_status(project), project.url) for project in projects],
        "There are no projects yet: agent_cli --project PATH begins with one.",
    )
    if not projects:
        return
    click.echo()
    names = {project.id: project.name for project in projects}
    table(
        ("CHAT", "STATE", "AGENT", "PROJECT", "CREATED", "NAME"),
        [
            (chat.id, describe(chat), chat.agent, names.get(chat.project, ""), age(chat.created_at), chat.name)
            for chat in sorted(chats, key=lambda chat: chat.created_at, reverse=True)
        ],
        "There are no chats yet: agent_cli --project PATH, or agent_cli new PROJECT, starts one.",
    )

"""``agent_cli send``"""

from __future__ import annotations

from typing import Any

import click

from agent_hub.cli import completions
from agent_hub.cli.answers import AS_JSON, answer
from agent_hub.cli.chat import chat_of
from agent_hub.cli.options import SERVER, options
from agent_hub.cli.say import say
from agent_hub.cli.shown import readable


@click.command("send")
@click.argument("chat", shell_complete=completions.chats)
@click.argument("prompt")
@click.option("--wait", is_flag=True, help="Print what the agent says, until it is done.")
@options(AS_JSON, SERVER)
@click.pass_context
def command(ctx: click.Context, /, chat: str, prompt: str, wait: bool, as_json: bool, **server: Any) -> None:
    """Give a chat's agent a prompt; `-` reads it from standard input.

    It waits behind what the agent is at. With --wait the exit code is 1 where the agent could not do it. Ctrl-C then
    ends the waiting alone.
    """
    from agent_hub.cli.prompt import read_prompt
    from agent_hub.models import Turn as Data
    from agent_hub.models import TurnChanged
    from agent_hub.notebook.following import Said
    from agent_hub.notebook.transport import part
    from agent_hub.notebook.turn import Turn

    hub, found = chat_of(ctx, chat)
    data = hub.create(f"chats/{part(found.id)}/turns", Data, {"prompt": read_prompt(prompt)})
    if not wait:
        if as_json:
            answer(data)
        else:
            say(f"prompt {data.number} of {found.name!r}: agent_cli logs {found.id} shows what comes of it")
        return
    turn, said, asked = Turn(hub, data), Said(), set[str]()
    for event in turn.stream(timeout=None):
        if (piece := said.of(event)) and not as_json:
            click.echo(readable(piece), nl=False)
        if isinstance(event, TurnChanged):
            for approval in event.turn.approvals:
                if approval.id not in asked:
                    asked.add(approval.id)
                    say(f"the agent waits for your answer: agent_cli attach {found.id}")
    if as_json:
        answer(turn._data)
    else:
        click.echo()
    if turn.error is not None:
        raise turn.error
    if turn.status != "completed":
        ctx.exit(1)

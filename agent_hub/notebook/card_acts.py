"""What a person can do on a chat's card. Its page can ask for anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agent_hub.errors import InvalidInput
from agent_hub.models import Chat, Turn
from agent_hub.notebook.transport import part

if TYPE_CHECKING:
    from agent_hub.notebook.transport import Transport


def act(transport: Transport, path: str, content: Mapping[str, Any]) -> None:
    """Do what the page of the chat at `path` asks for. Raises as the hub answers."""
    match content:
        case {"do": "send", "prompt": str(prompt)}:
            transport.create(f"{path}/turns", Turn, {"prompt": prompt})
        case {"do": "interrupt"}:
            for turn in transport.read_all(f"{path}/turns", Turn):
                if turn.status.value in ("running", "waiting"):
                    transport.send("POST", f"{path}/turns/{turn.number}/interrupt", Turn)
        case {"do": "stop" | "start" as what}:
            transport.send("POST", f"{path}/{what}", Chat)
        case {"do": "answer", "approval": str(approval), "decision": str(decision)}:
            if decision not in ("accept", "accept_for_session", "decline"):
                raise InvalidInput(f"{decision!r} is no answer.")
            transport.post(f"{path}/approvals/{part(approval)}", {"decision": decision})
        case _:
            raise InvalidInput("This card does not know what is asked for.", "Run the cell again.")

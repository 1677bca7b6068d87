"""What a look at a machine finds."""

from __future__ import annotations

from typing import Literal

from agent_hub.models.base import Model

State = Literal["ok", "warning", "problem"]


class Finding(Model):
    """One thing that was looked at, how it is, and what to do where it is not well.

    With a ``problem`` the hub, or what was asked for, does not work; with a ``warning`` something of it may not.
    """

    subject: str
    state: State
    message: str
    remedy: str = ""

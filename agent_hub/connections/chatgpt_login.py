"""A sign-in with ChatGPT: its tokens, and what they say of whose they are."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent_hub.models import now


@dataclass(frozen=True)
class Login:
    """What ``codex login`` leaves, and what each renewal changes."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)
    account_id: str = field(repr=False)
    signed_in_at: datetime

    @property
    def headers(self) -> Mapping[str, str]:
        """What a request proves itself with."""
        return {"Authorization": f"Bearer {self.access_token}", "chatgpt-account-id": self.account_id}

    @property
    def ends(self) -> float | None:
        """When the access token ends, where it says so."""
        end = claims(self.access_token).get("exp")
        return float(end) if isinstance(end, int | float) else None

    @property
    def kept(self) -> dict[str, str]:
        """What :meth:`read` reads."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "id_token": self.id_token,
            "account_id": self.account_id,
            "signed_in_at": self.signed_in_at.isoformat(),
        }

    @classmethod
    def read(cls, kept: Mapping[str, str]) -> Login | None:
        """What was :attr:`kept`; ``None`` where that is none."""
        if not all(kept.get(name) for name in ("access_token", "refresh_token", "account_id")):
            return None
        try:
            since = datetime.fromisoformat(kept.get("signed_in_at", ""))
        except ValueError:
            since = now()
        return cls(kept["access_token"], kept["refresh_token"], kept.get("id_token", ""), kept["account_id"], since)


def claims(token: str) -> Mapping[str, Any]:
    """What a token says, unproved; nothing where it is none that can be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}

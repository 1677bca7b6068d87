"""The token a chat shows the gateway: random, one per chat, kept by the hub as a hash alone."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """A token nobody can guess (256 bits)."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the hub keeps of a token. A fast hash suffices: the token has full entropy."""
    return hashlib.sha256(token.encode()).hexdigest()

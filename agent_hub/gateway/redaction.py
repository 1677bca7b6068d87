"""Takes a secret out of what passes by: a host may quote what it was asked with, in an error above all."""

from __future__ import annotations

from collections.abc import Mapping

from agent_hub.connections.secrets import SHORTEST_SECRET


class Redaction:
    """Puts a mask in the place of each secret, however the bytes are cut.

    Parameters
    ----------
    masks
        By what must not pass, what passes instead. What is shorter than
        :data:`~agent_hub.connections.secrets.SHORTEST_SECRET` passes.
    """

    def __init__(self, masks: Mapping[str, str]) -> None:
        self._masks = {
            secret.encode(): mask.encode() for secret, mask in masks.items() if len(secret) >= SHORTEST_SECRET
        }
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may pass on, now that this has come; what may begin a secret is held until more comes."""
        data = self._hide(self._held + data)
        held = max((_begun(data, secret) for secret in self._masks), default=0)
        self._held = data[len(data) - held :]
        return data[: len(data) - held]

    def end(self) -> bytes:
        """What was held, as no more comes."""
        held, self._held = self._held, b""
        return held

    def text(self, text: str) -> str:
        """A whole text without the secrets."""
        return self._hide(text.encode()).decode()

    def _hide(self, data: bytes) -> bytes:
        for secret, mask in self._masks.items():
            data = data.replace(secret, mask)
        return data


def _begun(data: bytes, secret: bytes) -> int:
    """How many of the last bytes are a beginning of the secret."""
    begin = max(0, len(data) - len(secret) + 1)
    # A word of an answer rarely has the secret's first letter in its last bytes.
    while (begin := data.find(secret[:1], begin)) >= 0:
        if secret.startswith(data[begin:]):
            return len(data) - begin
        begin += 1
    return 0

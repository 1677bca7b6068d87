"""What has come of a file that is being published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Received:
    """All bytes of a file, on the file system that keeps them; who publishes it moves them away."""

    path: Path

    sha256: str | None
    """Of them, in hexadecimal; ``None`` where nobody has read them yet."""

    double: Path | None = None
    """Them once more, to be shown: a person may change these."""

    def discard(self) -> None:
        """Leave nothing of what was not moved away."""
        for path in (self.path, self.double):
            if path is not None:
                path.unlink(missing_ok=True)

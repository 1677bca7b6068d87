"""Secrets at rest: a file for each account, that only the hub's own user can read."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

from agent_hub.errors import SecretsUnusable

logger = logging.getLogger(__name__)

SHORTEST_SECRET = 20
"""Characters of what is a secret. A server of one's own is given a word as its key (``none``, ``EMPTY``, ``ollama``),
which answers are full of; the keys and tokens of a service are all longer."""


class Secrets:
    """Files of one folder, each written whole or not at all. Every method blocks, for a short time.

    Parameters
    ----------
    folder
        Made, for its owner alone, when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"Secrets({str(self._folder)!r})"

    def read(self, name: str) -> Mapping[str, str]:
        """What is kept under a name; nothing where there is nothing.

        Raises
        ------
        SecretsUnusable
            What is there is not what was kept.
        """
        path = self._folder / f"{name}.json"
        try:
            kept = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            # Not the error's own words: they may quote what is there.
            raise SecretsUnusable(
                f"What is kept of the connection “{name}” cannot be read ({type(error).__name__}).",
                f"Connect it again, or look at {path}.",
            ) from None
        return {key: value for key, value in kept.items() if isinstance(value, str)} if isinstance(kept, dict) else {}

    def write(self, name: str, values: Mapping[str, str]) -> None:
        """Keep values under a name, in place of what there was. Raises :class:`OSError`: those are then still there."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(self._folder, 0o700)
        path = self._folder / f"{name}.json"
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
                json.dump(dict(values), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        try:
            # Else a loss of power could bring the one of before back, which may be used up by then.
            _sync(self._folder)
        except OSError as error:
            # It is written all the same, and what a hub that starts now would use.
            logger.warning("The folder of the secrets could not be synced: %s", error)

    def remove(self, name: str) -> None:
        """Forget what is kept under a name; no error where there is nothing."""
        # One that was being written when the hub was killed is a secret as well.
        for suffix in ("json", "new"):
            (self._folder / f"{name}.{suffix}").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def masked(key: str) -> str:
    """A key by which its owner knows it again, and nobody else can use it."""
    begin = re.match(r"(sk-([a-z]+-)?|github_pat_|gh[a-z]_)?", key)
    if len(key) < SHORTEST_SECRET or begin is None:
        return "…"
    return f"{begin[0]}…{key[-4:]}"

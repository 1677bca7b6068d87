"""What Git proves itself with at GitHub, and for which repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" '
    '"$AGENT_HUB_GIT_USERNAME" "$AGENT_HUB_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True)
class Credential:
    """What Git proves itself with, for one repository."""

    username: str
    password: str = field(repr=False)

    def environment(self, github: str) -> Mapping[str, str]:
        """What Git of this machine is run with, so that it proves itself at that GitHub, and nowhere else."""
        # Git asks a helper only once a host wants to know who asks, and takes what it says to no other host. An empty
        # one first: whatever the person's own Git would answer is not asked for.
        key = f"credential.{github}.helper"
        return {
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": key,
            "GIT_CONFIG_VALUE_0": "",
            "GIT_CONFIG_KEY_1": key,
            "GIT_CONFIG_VALUE_1": _HELPER,
            "AGENT_HUB_GIT_USERNAME": self.username,
            "AGENT_HUB_GIT_PASSWORD": self.password,
        }


def repository_of(url: str, github: str) -> str | None:
    """``owner/name`` of a repository's address at that GitHub; ``None`` where it is elsewhere, or no repository's."""
    try:
        parts, ours = urlsplit(url), urlsplit(github)
        same = (parts.scheme, parts.hostname, parts.port) == (ours.scheme, ours.hostname, ours.port)
    except ValueError:
        return None
    names = unquote(parts.path).removesuffix("/").removesuffix(".git").lstrip("/").split("/")
    if not same or len(names) != 2 or not all(names) or any(name in (".", "..") for name in names):
        return None
    return "/".join(names).lower()

"""Repositories of a GitHub that anybody may read, for which nobody needs to prove who they are."""

from __future__ import annotations

import time
from urllib.parse import quote

from agent_hub.connections.github_api import GitHubApi
from agent_hub.errors import ApiUnreachable

PUBLIC_SECONDS = 300.0
"""How long a repository that anybody may read is taken for one."""


class PublicRepositories:
    """Which they are. A private one is asked after each time: it may just have been opened."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], float] = {}

    async def has(self, url: str, repository: str) -> bool | None:
        """Whether anybody may read ``owner/name`` of the GitHub at that address; ``None`` where GitHub does not say."""
        now = time.monotonic()
        self._known = {name: until for name, until in self._known.items() if until > now}
        if (url, repository) in self._known:
            return True
        api = GitHubApi(url)
        try:
            found = await api.ask("GET", f"/repos/{quote(repository)}")
        except ApiUnreachable:
            # Who asks without a name may ask little.
            return None
        finally:
            await api.close()
        if found.is_success:
            self._known[url, repository] = now + PUBLIC_SECONDS
        return found.is_success

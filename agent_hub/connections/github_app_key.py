"""What GitHub gives a person of their App, once: who it is, and its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from agent_hub.connections.github_api import PUBLIC, text


@dataclass(frozen=True)
class AppKey:
    """What GitHub has given the person of their App."""

    id: int
    slug: str
    name: str
    url: str
    """Of the GitHub that it is for."""
    page: str
    owner: str
    owner_id: int
    """Of the person whose App it is; 0 where that is an organisation."""
    client_id: str
    pem: str = field(repr=False)
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @classmethod
    def converted(cls, url: str, told: Mapping[str, Any]) -> AppKey | None:
        """The App that GitHub tells of when it has made one; ``None`` where it does not."""
        owner = told.get("owner")
        owner = owner if isinstance(owner, dict) else {}
        id, slug, pem = told.get("id"), text(told.get("slug")), text(told.get("pem"))
        if not isinstance(id, int) or not slug or "PRIVATE KEY-----" not in pem:
            return None
        apps = "apps" if url == PUBLIC else "github-apps"
        page = text(told.get("html_url"))
        person = owner.get("type") == "User" and isinstance(owner.get("id"), int)
        return cls(
            id=id,
            slug=slug,
            name=text(told.get("name")) or slug,
            url=url,
            page=page if page.startswith(f"{url}/") else f"{url}/{apps}/{quote(slug, safe='')}",
            owner=text(owner.get("login")),
            owner_id=owner["id"] if person else 0,
            client_id=text(told.get("client_id")),
            pem=pem,
            client_secret=text(told.get("client_secret")),
            webhook_secret=text(told.get("webhook_secret")),
        )

    @classmethod
    def kept(cls, values: Mapping[str, str]) -> AppKey | None:
        """What :attr:`values` gave; ``None`` where that is no App's."""
        if not all(values.get(name) for name in ("id", "slug", "pem", "url")):
            return None
        names = ("slug", "name", "url", "page", "owner", "client_id", "pem", "client_secret", "webhook_secret")
        try:
            id, owner_id = int(values["id"]), int(values.get("owner_id") or 0)
        except ValueError:
            return None
        return cls(id=id, owner_id=owner_id, **{name: values.get(name, "") for name in names})

    @property
    def values(self) -> dict[str, str]:
        """To be kept as a secret."""
        return {name: str(value) for name, value in vars(self).items()}

    @property
    def install_url(self) -> str:
        """Where the person installs it on repositories."""
        return f"{self.page}/installations/new"

    @property
    def settings_url(self) -> str:
        """Where the person changes it, and deletes it."""
        whose = "" if self.owner_id or not self.owner else f"organizations/{quote(self.owner, safe='')}/"
        return f"{self.url}/{whose}settings/apps/{quote(self.slug, safe='')}"

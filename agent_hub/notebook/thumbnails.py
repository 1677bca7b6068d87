"""The newest files that a chat has published, small enough to be part of a notebook."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

from agent_hub.models import Artifact
from agent_hub.notebook import display
from agent_hub.notebook.content import PICTURES
from agent_hub.notebook.plain import visible

MOST = 3
MOST_BYTES = 200_000
"""Of a picture: a notebook is saved with it."""

_PICTURE = "max-width: 180px; max-height: 120px; background: white;"


class Thumbnails:
    """A chat's newest artifacts."""

    def __init__(self) -> None:
        self._artifacts: dict[str, Artifact] = {}
        self._pictures: dict[tuple[str, int], str] = {}
        self._changed = False

    @property
    def missing(self) -> Artifact | None:
        """The newest of them whose picture is to be asked for."""
        return next((one for one in self._newest() if _has_picture(one) and _key(one) not in self._pictures), None)

    def take(self, artifact: Artifact) -> bool:
        """Take an artifact; whether it, or its version, is new."""
        known = self._artifacts.get(artifact.id)
        if known is not None and known.version >= artifact.version:
            return False
        self._artifacts.pop(artifact.id, None)
        self._artifacts[artifact.id] = artifact
        self._changed = True
        return True

    def take_picture(self, artifact: Artifact, content: bytes) -> None:
        """Take what was asked for; empty where it cannot be had."""
        kept = {_key(one) for one in self._newest()}
        self._pictures = {key: picture for key, picture in self._pictures.items() if key in kept}
        encoded = b64encode(content[:MOST_BYTES]).decode("ascii")
        self._pictures[_key(artifact)] = f"data:{artifact.media_type};base64,{encoded}" if content else ""
        self._changed = True

    def news(self) -> list[dict[str, Any]] | None:
        """What a page shows, where something is new since this was last asked."""
        changed, self._changed = self._changed, False
        return self.views() if changed else None

    def views(self) -> list[dict[str, Any]]:
        """What a page shows: the newest first, and in the end how many more there are."""
        newest = self._newest()
        shown = [
            {
                "name": visible(artifact.name),
                "fact": f"v{artifact.version}" if artifact.version > 1 else display.size(artifact.size),
                "path": visible(artifact.path),
                # In an <img> no script of an SVG runs.
                "picture": self._pictures.get(_key(artifact), ""),
            }
            for artifact in newest
        ]
        more = len(self._artifacts) - len(newest)
        return [*shown, {"name": f"{more} more", "fact": "", "path": "", "picture": ""}] if more else shown

    def html(self) -> str:
        """The same for a page without a kernel."""
        return "".join(_figure(view) for view in self.views())

    def _newest(self) -> list[Artifact]:
        return list(reversed(self._artifacts.values()))[:MOST]


def _key(artifact: Artifact) -> tuple[str, int]:
    return artifact.id, artifact.version


def _has_picture(artifact: Artifact) -> bool:
    return artifact.media_type in PICTURES and artifact.size <= MOST_BYTES


def _figure(view: dict[str, Any]) -> str:
    name = escape(view["name"])
    picture = f'<img src="{view["picture"]}" alt="{name}" style="{_PICTURE}"><br>' if view["picture"] else ""
    return (
        f'<div style="display: inline-block; margin: 4px 12px 4px 0; vertical-align: bottom;">{picture}'
        f"{name} {display.quiet(view['fact'])}</div>"
    )

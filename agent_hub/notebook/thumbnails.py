"""The newest files that a chat has published, small enough to be part of a notebook."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

from agent_hub.errors import AgentHubError
from agent_hub.models import Artifact
from agent_hub.notebook import display
from agent_hub.notebook.artifacts import PICTURES
from agent_hub.notebook.plain import visible
from agent_hub.notebook.transport import part

if TYPE_CHECKING:
    from agent_hub.notebook.transport import Transport

MOST = 3
MOST_BYTES = 200_000
"""Of a picture: a notebook is saved with it."""

_PICTURE = "max-width: 180px; max-height: 120px; background: white;"


class Thumbnails:
    """A chat's newest artifacts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._artifacts: dict[str, Artifact] = {}
        self._pictures: dict[tuple[str, int], str] = {}
        self._changed = False

    @property
    def changed(self) -> bool:
        """Whether something is new since :meth:`views` was last asked."""
        return self._changed

    def take(self, artifact: Artifact) -> bool:
        """Take an artifact; whether it, or its version, is new."""
        known = self._artifacts.get(artifact.id)
        if known is not None and known.version >= artifact.version:
            return False
        self._artifacts.pop(artifact.id, None)
        self._artifacts[artifact.id] = artifact
        self._changed = True
        return True

    def views(self) -> list[dict[str, Any]]:
        """What a page shows: the newest first, and in the end how many more there are."""
        self._changed = False
        newest = list(reversed(self._artifacts.values()))[:MOST]
        shown = [
            {
                "name": visible(artifact.name),
                "fact": f"v{artifact.version}" if artifact.version > 1 else display.size(artifact.size),
                "path": visible(artifact.path),
                "picture": self._picture(artifact),
            }
            for artifact in newest
        ]
        more = len(self._artifacts) - len(newest)
        return [*shown, {"name": f"{more} more", "fact": "", "path": "", "picture": ""}] if more else shown

    def html(self) -> str:
        """The same for a page without a kernel."""
        changed, views = self._changed, self.views()
        self._changed = changed
        return "".join(_figure(view) for view in views)

    def _picture(self, artifact: Artifact) -> str:
        # In an <img> no script of an SVG runs.
        if artifact.media_type not in PICTURES or artifact.size > MOST_BYTES:
            return ""
        key = (artifact.id, artifact.version)
        if key not in self._pictures:
            try:
                content = self._transport.content(f"artifacts/{part(artifact.id)}/content")
            except AgentHubError:
                return ""
            encoded = b64encode(content[:MOST_BYTES]).decode("ascii")
            kept = [(one.id, one.version) for one in list(self._artifacts.values())[-MOST:]]
            self._pictures = {one: picture for one, picture in self._pictures.items() if one in kept}
            self._pictures[key] = f"data:{artifact.media_type};base64,{encoded}"
        return self._pictures[key]


def _figure(view: dict[str, Any]) -> str:
    name = escape(view["name"])
    picture = f'<img src="{view["picture"]}" alt="{name}" style="{_PICTURE}"><br>' if view["picture"] else ""
    return (
        f'<div style="display: inline-block; margin: 4px 12px 4px 0; vertical-align: bottom;">{picture}'
        f"{name} {display.quiet(view['fact'])}</div>"
    )

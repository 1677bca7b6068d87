"""What chats publish."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from agent_hub.models.base import Model, now


class Published(Model):
    """What is known of each publication."""

    version: int = 1
    size: int
    sha256: str | None = Field(default=None, description="of its bytes; None: nobody has read them yet")
    turn: int | None = Field(default=None, description="the agent's turn that published it; None: none that is known")
    prompt: str = Field(default="", description="that turn's, its beginning")
    created_at: datetime = Field(default_factory=now)


class ArtifactVersion(Published):
    """One of the versions of an artifact: what was published at one time."""

    artifact: str


class Artifact(Published):
    """A file that a chat published, as of its newest version; `path` is where Lab finds it."""

    id: str
    chat: str
    project: str
    name: str
    path: str = Field(description="relative to the server's root, with / between parts")
    media_type: str

    @property
    def newest(self) -> ArtifactVersion:
        """The newest version, as one among the others."""
        fields = {name: getattr(self, name) for name in Published.model_fields}
        return ArtifactVersion(artifact=self.id, **fields)

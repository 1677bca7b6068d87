"""What the hub proposes for a repository that is to become a project."""

from __future__ import annotations

from pydantic import Field

from agent_hub.models.base import Model


class Proposal(Model):
    """How a project of a repository could be set up, by what its files say. Each reason is a sentence or two."""

    commit: str = Field(default="", description="which the files are of; empty in an empty repository")
    base: str = Field(default="", description="image tag, or path in the repository; empty: the hub's default")
    base_reason: str = ""
    setup: str = ""
    setup_reason: str = ""
    gpus: int | None = Field(default=None, description="of each chat; null: none")
    gpus_reason: str = Field(default="", description="empty: no file asks for one")


class FolderChoice(Model):
    """Body of ``POST api/projects/folder``."""

    path: str = Field(max_length=4096, description="as Jupyter's file browser knows it: below the server's root")

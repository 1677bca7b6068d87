"""The hub as a whole."""

from __future__ import annotations

from pydantic import Field

from agent_hub.models.base import Model
from agent_hub.models.connections import Committer, GitHubConnection, OpenAIConnection
from agent_hub.models.containers import EngineStatus, Gpu


class AgentInfo(Model):
    """An agent that a chat can run."""

    name: str
    title: str
    converses: bool = Field(default=False, description="whether it tells of its turns, and takes prompts")
    asks_openai: bool = Field(default=False, description="whether it says nothing where OpenAI is not connected")


class Status(Model):
    """The hub as a whole."""

    version: str
    hub_id: str
    engine: EngineStatus
    gpus: tuple[Gpu, ...] = ()
    agents: tuple[AgentInfo, ...] = ()
    openai: OpenAIConnection = OpenAIConnection()
    github: GitHubConnection = GitHubConnection()
    committer: Committer = Committer()
    default_base: str = ""
    artifacts_path: str = Field(default="", description="folder of published files, relative to the server's root")

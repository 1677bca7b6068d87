"""Where the hub keeps what, below its data directory. ``docs/architecture.md`` draws the whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """The paths of a data directory. Ids are the hub's own, so no path is ever made from what somebody typed."""

    root: Path

    @property
    def cache(self) -> Path:
        """What can be fetched again: the agents' programs."""
        return self.root / "cache"

    @property
    def secrets(self) -> Path:
        """What the connections prove themselves with."""
        return self.root / "secrets"

    @property
    def sign_ins(self) -> Path:
        """What sign-ins need while they go on."""
        return self.root / "sign-ins"

    def sign_in(self, id: str) -> Path:
        """Everything of one sign-in; its ``home`` is all that its container sees."""
        return self.sign_ins / id

    @property
    def looks(self) -> Path:
        """What is fetched of repositories that are only looked at."""
        return self.root / "looks"

    @property
    def engine(self) -> Path:
        """The process engine's images and containers."""
        return self.root / "processes"

    def project(self, id: str) -> Path:
        """Everything of a project."""
        return self.projects / id

    def repository(self, project: str) -> Path:
        """The project's bare clone."""
        return self.project(project) / "repository.git"

    def build_log(self, project: str, number: int) -> Path:
        """The log of a project's build of that number."""
        return self.project(project) / "builds" / f"{number}.log"

    def scratch(self, project: str) -> Path:
        """What one build needs while it runs."""
        return self.project(project) / "scratch"

    def chat(self, id: str) -> Path:
        """Everything of a chat."""
        return self.chats / id

    def workspace(self, chat: str) -> Path:
        """The chat's clone."""
        return self.chat(chat) / "workspace"

    def uploads(self, chat: str) -> Path:
        """Files on their way into the workspace, until all of each is there. No container sees it."""
        return self.chat(chat) / "uploads"

    def agent_home(self, chat: str) -> Path:
        """The agent's configuration, login and conversation."""
        return self.chat(chat) / "agent"

    def run(self, chat: str) -> Path:
        """What the hub tells the container while it runs."""
        return self.chat(chat) / "run"

    def sockets(self, chat: str) -> Path:
        """Where the agent's program makes its sockets, for the hub to reach them."""
        return self.chat(chat) / "sockets"

    def terminal(self, chat: str) -> Path:
        """What the chat's terminal has shown. No container sees it."""
        return self.chat(chat) / "terminal"

    def turns(self, chat: str) -> Path:
        """What the chat's agent was told, and what it did. No container sees it."""
        return self.chat(chat) / "turns"

    @property
    def chats(self) -> Path:
        """Every chat's folder."""
        return self.root / "chats"

    @property
    def projects(self) -> Path:
        """Every project's folder."""
        return self.root / "projects"

    @property
    def all_deleted(self) -> Path:
        """What is kept of all deleted chats."""
        return self.root / "deleted"

    def deleted(self, chat: str) -> Path:
        """What is kept of a deleted chat."""
        return self.all_deleted / chat

    @property
    def incoming(self) -> Path:
        """Files that are being published, until all of each is there."""
        return self.root / "artifacts" / "incoming"

    @property
    def unfinished_artifacts(self) -> Path:
        """What is being published, written down before it is done."""
        return self.root / "artifacts" / "unfinished"

    def artifact(self, id: str) -> Path:
        """Every version of an artifact."""
        return self.root / "artifacts" / id

"""Chats, those that are made ahead, and what is kept of deleted ones."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from agent_hub.models.base import ErrorBody, Model, Name, checked_prompt, now
from agent_hub.models.containers import Env, Mount, Resources, Tokens
from agent_hub.models.runs import InRun
from agent_hub.models.settings import Arguments, AskBefore, ChatSettings
from agent_hub.models.turns import TurnStatus, Usage


class ChatStatus(StrEnum):
    queued = "queued"
    starting = "starting"
    running = "running"
    stopping = "stopping"
    exited = "exited"
    failed = "failed"
    unknown = "unknown"
    deleting = "deleting"


class TurnSummary(Model):
    """A chat's newest turn, in short: who looks for what needs a person looks here."""

    number: int
    status: TurnStatus
    prompt: str = Field(default="", description="its beginning")
    reason: str = Field(default="", description="why it failed, in the words of its error; their beginning")
    queued: int = Field(default=0, description="prompts that wait behind it")
    usage: Usage | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Chat(Model):
    """One workspace, one container, one agent."""

    id: str
    project: str
    name: Name
    named: bool = Field(default=True, description="by a person; else its first prompt names it")
    agent: str
    model: str = ""
    prompt: str = Field(default="", description="the first prompt")
    status: ChatStatus = ChatStatus.queued
    place: int = Field(default=0, description="which of its project's starts is next: 1 is; 0: it waits in no queue")
    reason: str = Field(default="", description="why it waits, or how it ended, in a few words")
    error: ErrorBody | None = None
    exit_code: int | None = None
    mounts: tuple[Mount, ...] = ()
    env: Env = ()
    resources: Resources = Resources()
    image: str = ""
    commit: str = ""
    container: str = Field(default="", description="the engine's id of the container")
    thread: str = Field(default="", description="the agent's own id of the conversation")
    turn: TurnSummary | None = Field(default=None, description="the newest, of an agent that tells of its turns")
    ask_before: AskBefore = ()
    arguments: Arguments = ()
    tokens: Tokens = Field(default=0, description="that a model has counted for it, by way of the gateway")
    token_budget: Tokens | None = Field(default=None, description="most that it may take; None: as many as it likes")
    run: InRun | None = Field(default=None, description="the run that it is one of")
    workspace: str = Field(default="", description="the workspace's folder on the host")
    created_at: datetime = Field(default_factory=now)
    started_at: datetime | None = None
    ended_at: datetime | None = None

    volatile: ClassVar[frozenset[str]] = frozenset({"place"})

    def masked(self) -> Chat:
        """The chat as it may be shown."""
        return self.model_copy(update={"env": tuple(variable.masked() for variable in self.env)})


class Spare(Model):
    """A container made ahead of any request, which a new chat of its project takes over together with its id."""

    id: str
    chat: Chat = Field(description="the chat it was prepared as: what a chat must ask for to get it")
    branch: str = Field(default="", description="the project's, that its workspace was made on")
    token_hash: str = Field(description="of the token that its container holds, bound to the chat at the claim")


class DeletedChat(Model):
    """What is kept of a chat that was deleted with unsaved work. It holds no variable and no prompt of the chat's."""

    id: str
    name: Name
    project: str
    project_name: str = ""
    url: str = Field(default="", description="the repository's")
    agent: str
    model: str = ""
    kind: Literal["bundle", "workspace"] = Field(description="a Git bundle, or the workspace's folder as it was")
    path: str = Field(description="the bundle, or the folder, on the host")
    branch: str = Field(default="", description="what was checked out; empty for a commit on no branch")
    head: str = Field(default="", description="its commit; empty before the first")
    uncommitted: bool = Field(default=False, description="agent-hub/unsaved holds what was never committed")
    files: int = Field(description="changed or new files that were not committed")
    commits: int = Field(description="commits on no remote, with those of the stash")
    stashes: int = 0
    left_out: tuple[str, ...] = Field(default=(), description="uncommitted files that were too large to keep")
    needs: tuple[str, ...] = Field(default=(), description="commits of the repository that the bundle builds on")
    size: int = Field(default=0, description="of the bundle; 0 of a folder")
    how: str = Field(default="", description="how to have it back without the hub")
    deleted_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = Field(default=None, description="when it goes for good")


class NewChat(ChatSettings):
    """Body of ``POST api/chats``. What is ``None`` is the project's; mounts and env are added to the project's."""

    prompt: str = ""
    arguments: Arguments = ()

    @field_validator("prompt")
    @classmethod
    def _prompt_fits(cls, prompt: str) -> str:
        return checked_prompt(prompt)


class ChatChange(Model):
    """Body of ``PATCH api/chats/{id}``: what is given changes."""

    name: Name | None = None
    token_budget: Tokens | None = Field(default=None, description="null where given: as many as it likes")

"""Every error the hub raises on purpose.

Each one says what happened (``message``), what to do about it (``hint``) and carries a stable machine-readable
``code``. They are mapped to HTTP once, in :mod:`agent_hub.server.handler`, and rebuilt from the answer in the
notebook library, so that a person reads the same words in the panel, the API and a traceback.

The tree::

    AgentHubError
    ├── InvalidInput                 400  what was asked for cannot be right
    │   ├── InvalidRepository             a Git URL or path that is malformed or not allowed
    │   ├── InvalidMount                  a mount that is not there, or not allowed
    │   ├── InvalidEnvironment            an environment entry that is no NAME=value
    │   ├── InvalidBase                   a base image or Dockerfile path that cannot be used
    │   └── NotSerialisable               a value of a notebook that no file can be made of, or a file that is no value
    ├── NotAllowed                   403  a token or a person may not do this
    ├── NotFound                     404  no such project, chat, artifact
    ├── Conflict                     409  right in itself, wrong now
    │   ├── UnsavedWork                   deleting would lose work that is nowhere else
    │   ├── BudgetUsedUp                  a chat, or its project, has taken the tokens that it may
    │   ├── NotConnected                  an account is needed, and none is connected
    │   ├── NoConversation                the chat's agent does not tell of its turns
    │   ├── DataDirectoryInUse            another hub holds the data directory
    │   └── PortInUse                     another program listens where the hub has to
    ├── TooLarge                     413  more bytes than the hub takes
    ├── TooManyRequests              429  a chat asks the hub for too much
    ├── GitError                     422  a Git command failed
    │   ├── RepositoryUnreachable         no answer, or no access
    │   └── BranchNotFound                the repository has no such branch
    ├── BuildError                   422  a snapshot could not be built
    │   ├── SetupFailed                   the setup script exited non-zero
    │   ├── SetupTimedOut                 the setup script ran past its time limit
    │   └── BaseImageNotFound             no such image, here or in its registry
    ├── EngineError                  502  the container engine refused or failed
    │   ├── EngineUnavailable        503  the container engine does not answer
    │   ├── ContainerLost                 the container is gone
    │   └── GpuUnavailable           409  GPUs were asked for that the engine cannot give
    ├── WorkNotKept                  500  a chat's unsaved work could not be put aside, so the chat was not deleted
    ├── StoreUnusable                500  the hub's memory cannot be opened, and is left as it is
    │   ├── StoreDamaged                  it is truncated, overwritten or gone
    │   └── StoreTooNew                   a newer hub wrote it
    ├── StorageFull                  507  no space left where the hub keeps its data
    ├── SecretsUnusable              500  what is kept of a connection cannot be read
    ├── ApiUnreachable               502  an API that is connected does not answer
    ├── AgentUnavailable             502  the agent's program cannot be had
    ├── TurnError                    422  the agent did not do what a prompt asked for
    │   ├── TurnFailed                    it could not go on
    │   └── TurnInterrupted               somebody ended the turn
    ├── MissingPackage               501  a package that a notebook needs for this is not installed
    ├── CommandFailed                422  a command in a chat exited non-zero (raised in a client that asked for it)
    │   └── CommandTimedOut               it ran past its time limit; also a TimeoutError
    └── HubUnavailable               503  no running hub answers (raised in a client)
"""

from __future__ import annotations

import errno
from typing import Any, ClassVar

from agent_hub import tracebacks


class AgentHubError(Exception):
    """Base of every error raised on purpose.

    Parameters
    ----------
    message : str
        What happened, and why, in one sentence a person understands.
    hint : str, optional
        What to do about it.
    **details
        Facts for programs, JSON-serialisable: ``field``, ``step``, ``exit_code``, ``tail``...
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the frames of this package are nothing that a person can mend."""
        return tracebacks.render(self)

    def to_dict(self) -> dict[str, Any]:
        """The error as the API answers it: ``code``, ``message``, ``hint``, ``details``."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> AgentHubError:
        """Rebuild the error that `to_dict` described; an unknown code gives the base class."""
        kind = _by_code().get(str(body.get("code", "")), AgentHubError)
        return kind(str(body.get("message", "")), str(body.get("hint", "")), **(body.get("details") or {}))


class InvalidInput(AgentHubError):
    code, status = "invalid_input", 400


class InvalidRepository(InvalidInput):
    code = "invalid_repository"


class InvalidMount(InvalidInput):
    code = "invalid_mount"


class InvalidEnvironment(InvalidInput):
    code = "invalid_environment"


class InvalidBase(InvalidInput):
    code = "invalid_base"


class NotSerialisable(InvalidInput):
    code = "not_serialisable"


class NotAllowed(AgentHubError):
    code, status = "not_allowed", 403


class NotFound(AgentHubError):
    code, status = "not_found", 404


class Conflict(AgentHubError):
    code, status = "conflict", 409


class UnsavedWork(Conflict):
    code = "unsaved_work"


class BudgetUsedUp(Conflict):
    code = "budget_used_up"


class NotConnected(Conflict):
    code = "not_connected"


class NoConversation(Conflict):
    code = "no_conversation"


class DataDirectoryInUse(Conflict):
    code = "data_directory_in_use"


class PortInUse(Conflict):
    code = "port_in_use"


class TooLarge(AgentHubError):
    code, status = "too_large", 413


class TooManyRequests(AgentHubError):
    code, status = "too_many_requests", 429


class GitError(AgentHubError):
    code, status = "git_failed", 422


class RepositoryUnreachable(GitError):
    code = "repository_unreachable"


class BranchNotFound(GitError):
    code = "branch_not_found"


class BuildError(AgentHubError):
    code, status = "build_failed", 422


class SetupFailed(BuildError):
    code = "setup_failed"


class SetupTimedOut(BuildError):
    code = "setup_timed_out"


class BaseImageNotFound(BuildError):
    code = "base_image_not_found"


class EngineError(AgentHubError):
    code, status = "engine_failed", 502


class EngineUnavailable(EngineError):
    code, status = "engine_unavailable", 503


class ContainerLost(EngineError):
    code = "container_lost"


class GpuUnavailable(EngineError):
    code, status = "gpu_unavailable", 409


class StoreUnusable(AgentHubError):
    code, status = "store_unusable", 500


class StoreDamaged(StoreUnusable):
    code = "store_damaged"


class StoreTooNew(StoreUnusable):
    code = "store_too_new"


class StorageFull(AgentHubError):
    code, status = "storage_full", 507

    @classmethod
    def from_os_error(cls, error: OSError) -> AgentHubError:
        """What a failed write to the hub's own folders means: this, or the plain error where the disk is not full."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return cls("The disk that holds the hub's data is full.", "Free some space and try again.")
        return AgentHubError(f"The hub could not use its data directory: {error}.", "Check its owner and permissions.")


class WorkNotKept(AgentHubError):
    code, status = "work_not_kept", 500


class SecretsUnusable(AgentHubError):
    code = "secrets_unusable"


class ApiUnreachable(AgentHubError):
    code = "api_unreachable"
    status = 502


class AgentUnavailable(AgentHubError):
    code, status = "agent_unavailable", 502


class TurnError(AgentHubError):
    code, status = "turn_error", 422


class TurnFailed(TurnError):
    code = "turn_failed"


class TurnInterrupted(TurnError):
    code = "turn_interrupted"


class CommandFailed(AgentHubError):
    code, status = "command_failed", 422


class CommandTimedOut(CommandFailed, TimeoutError):
    code = "command_timed_out"


class MissingPackage(AgentHubError):
    code, status = "missing_package", 501


class HubUnavailable(AgentHubError):
    code, status = "hub_unavailable", 503


def _by_code() -> dict[str, type[AgentHubError]]:
    found: dict[str, type[AgentHubError]] = {}
    todo: list[type[AgentHubError]] = [AgentHubError]
    while todo:
        kind = todo.pop()
        found[kind.code] = kind
        todo.extend(kind.__subclasses__())
    return found

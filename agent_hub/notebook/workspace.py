"""What a notebook does in a chat's workspace: its files, commands, and changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, overload

from agent_hub.notebook import command as commands
from agent_hub.notebook.diff import Diff
from agent_hub.notebook.files import WorkspacePath
from agent_hub.notebook.record import Record
from agent_hub.notebook.work import Applied, Branch, Commit

if TYPE_CHECKING:
    from agent_hub import models  # noqa: F401 (named in a quoted base class)


class ChatWorkspace(Record["models.Chat"]):
    """The part of a chat that is its workspace."""

    @property
    def files(self) -> WorkspacePath:
        """Its workspace, as a path: ``chat.files["data/a.csv"].read_text()``."""
        return WorkspacePath(self._transport, self.id, PurePosixPath())

    def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float | None = None,
        check: bool = False,
        show: bool = True,
        on_output: Callable[[str], object] | None = None,
    ) -> commands.CommandResult:
        """Run a command in its container, beside the agent, and return how it ended.

        Interrupting the cell ends the command.

        Parameters
        ----------
        command
            For the container's shell, in the workspace and with the chat's variables; a list is one word for each.
        timeout
            Seconds, after which the command is ended.
        check
            Raise where the exit code is not zero.
        show
            Print the output as it comes.
        on_output
            Called with each piece of output as it comes.

        Raises
        ------
        Conflict
            The chat does not run.
        CommandTimedOut
            `timeout` has passed. It is a :class:`TimeoutError` too.
        CommandFailed
            The exit code is not zero, and `check` is set.
        """
        running = commands.Running(command, timeout, show, on_output)
        done = commands.run(self._transport, f"{self._path}/run", running)
        return done.check() if check else done

    def diff(self) -> Diff:
        """What it has changed since it started: committed or not, and new files that Git does not ignore.

        Raises
        ------
        Conflict
            It has no workspace yet.
        GitError
            The agent has left its ``.git`` as Git does not make it.
        """
        from agent_hub.models import ChatDiff

        return Diff(self._transport.read(f"{self._path}/diff", ChatDiff))

    def commit(self, message: str) -> Commit:
        """Commit all that it has not committed, on what it has checked out, by your name.

        Raises
        ------
        Conflict
            There is nothing to commit, or the agent's Git is at work.
        """
        from agent_hub.models import WorkCommit

        return Commit(self._transport.send("POST", f"{self._path}/commit", WorkCommit, {"message": message}))

    def branch(self, name: str = "", message: str = "") -> Branch:
        """Make a new branch of all that it has changed, committed or not.

        It is in the project's own repository where that is on the server's machine, whose checkout it does not touch;
        else in the hub's clone, and the answer says how to fetch it. Nothing is committed in the chat.

        Parameters
        ----------
        name
            Made of the chat's name, where empty.
        message
            Of the commit of what is not committed; the chat's name, where empty.

        Raises
        ------
        Conflict
            There is such a branch.
        """
        from agent_hub.models import WorkBranch

        body = {"name": name, "message": message}
        return Branch(self._transport.send("POST", f"{self._path}/branch", WorkBranch, body))

    @overload
    def apply(self) -> Branch: ...
    @overload
    def apply(self, to: str | os.PathLike[str]) -> Applied: ...
    def apply(self, to: str | os.PathLike[str] | None = None) -> Branch | Applied:
        """Bring all that it has changed into a checkout, not committed there; without one, :meth:`branch`.

        What the checkout has changed itself is merged with it, and stays.

        Parameters
        ----------
        to
            A folder of the server's machine, in a checkout of the repository.

        Raises
        ------
        Conflict
            Some files do not fit: ``error.details["files"]``. Nothing was changed.
        """
        from agent_hub.models import WorkApplied

        if to is None:
            return self.branch()
        body = {"to": str(Path(to).expanduser().absolute())}
        return Applied(self._transport.send("POST", f"{self._path}/apply", WorkApplied, body))

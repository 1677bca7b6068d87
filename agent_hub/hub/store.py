"""What the hub knows, in SQLite, and the only writer of it.

Everything is held in memory as frozen models and written through: a read never waits, and a change is committed before
it can be seen. Writes run one after another on a thread of their own, so an event is announced in commit order and no
two changes of the same thing can undo each other.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from agent_hub.errors import StorageFull, StoreDamaged
from agent_hub.hub.artifact_table import ArtifactTable
from agent_hub.hub.lock import take
from agent_hub.hub.migrations import migrate, refuse_newer
from agent_hub.hub.requests import Request, Requests
from agent_hub.hub.tables import Statement, Table
from agent_hub.hub.versions import Versions
from agent_hub.models import Chat, Project, Spare

T = TypeVar("T")

OnChange = Callable[[str, str, Any], None]


class Store:
    """The hub's memory. Opening it takes the data directory for this process alone.

    Parameters
    ----------
    folder
        The data directory, made if missing.
    on_change
        Called with kind, id and the new value (``None`` when gone) after each commit.

    Raises
    ------
    DataDirectoryInUse
        Another hub holds the directory.
    StoreUnusable
        What is there cannot be read. It is left as it is: a hub that began anew would forget chats that still run.
    """

    def __init__(self, folder: Path, on_change: OnChange = lambda kind, id, value: None) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A folder that was there may be open to others; one of somebody else's stays as they made it.
        with suppress(PermissionError):
            folder.chmod(0o700)
        self._lock_file = take(folder)
        self.on_change = on_change
        self._writing = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="agent-hub-store")
        try:
            self._open(folder)
        except BaseException:
            self._lock_file.close()
            raise

    def _open(self, folder: Path) -> None:
        path = folder / "hub.db"
        _check_not_lost(path)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            os.chmod(path, 0o600)
            self._prepare(path)
        except BaseException as error:
            self._db.close()
            if _is_full(error):
                raise StorageFull(
                    "The disk that holds the hub's data is full.", "Free some space and start again."
                ) from error
            if isinstance(error, sqlite3.DatabaseError | ValidationError):
                raise _damaged(path, str(error).splitlines()[0]) from error
            raise

    def _prepare(self, path: Path) -> None:
        refuse_newer(self._db, path)
        # WAL survives a kill of the process at any instant, and its readers never wait for the writer.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise _damaged(path, found)
        migrate(self._db)
        self.projects: Table[Project] = Table(self, "project", Project)
        self.chats: Table[Chat] = Table(self, "chat", Chat)
        self.artifacts = ArtifactTable(self)
        self.versions = Versions(self)
        self.spares: Table[Spare] = Table(self, "spare", Spare)
        self._tokens: dict[str, str] = {hash: chat for chat, hash in self.rows("SELECT chat, hash FROM token")}
        self.requests = Requests(self)
        self.leaving: frozenset[str] = frozenset(project for (project,) in self.rows("SELECT project FROM leaving"))
        """Projects that are being deleted, with all that is theirs."""
        self.hub_id = self._meta("hub_id", secrets.token_hex(6))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read while opening; everything later is read from memory."""
        return self._db.execute(query).fetchall()

    async def transact(self, change: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a change with no other in between, and to its end even where the caller is cancelled.

        A cancelled request must not leave memory behind what was committed.
        """

        async def alone() -> T:
            async with self._writing:
                return await change()

        return await asyncio.shield(asyncio.create_task(alone()))

    async def write(self, *statements: Statement) -> None:
        """Commit statements, all or none. Raises :class:`~agent_hub.errors.StorageFull` where the disk is full."""
        with _full_disk_said():
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, statements)

    def _commit(self, statements: Sequence[Statement]) -> None:
        if len(statements) == 1:
            self._db.execute(*statements[0])
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                self._db.execute(*statement)
            self._db.execute("COMMIT")
        except BaseException:
            # An error within COMMIT, as of a full disk, may have ended the transaction already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    async def add_chat(self, chat: Chat, spare: Spare | None = None, request: Request | None = None) -> Chat:
        """Keep a new chat, together with what must be true from the same instant on.

        Parameters
        ----------
        spare
            The spare that it takes over: it is one no more, and its token is the chat's.
        request
            What asked for the chat: asked again, it is answered with this chat.
        """

        async def apply() -> Chat:
            statements = [self.chats.insertion(chat)]
            if spare is not None:
                statements += [self.spares.deletion(spare.id), _binding(chat.id, spare.token_hash)]
            asked = None if request is None else self.requests.remembering(request, chat.id)
            if asked is not None:
                statements += asked.statements
            await self.write(*statements)
            if spare is not None:
                self.spares.drop(spare.id)
                self._tokens[spare.token_hash] = chat.id
            if asked is not None:
                self.requests.keep(asked)
            self.chats.keep(chat)
            return chat

        return await self.transact(apply)

    async def add_chats(self, chats: Sequence[Chat], request: Request | None = None) -> None:
        """Keep new chats, all or none; `request` is answered with the first of them from then on."""

        async def apply() -> None:
            asked = None if request is None else self.requests.remembering(request, chats[0].id)
            await self.write(*map(self.chats.insertion, chats), *(asked.statements if asked is not None else ()))
            if asked is not None:
                self.requests.keep(asked)
            for chat in chats:
                self.chats.keep(chat)

        await self.transact(apply)

    async def leave(self, project: str) -> None:
        """Keep that a project is being deleted, until it is forgotten or stays after all."""

        async def apply() -> None:
            await self.write(("INSERT OR IGNORE INTO leaving (project) VALUES (?)", (project,)))
            self.leaving |= {project}

        await self.transact(apply)

    async def stay(self, project: str) -> None:
        """Give up a project's deletion."""

        async def apply() -> None:
            await self.write(("DELETE FROM leaving WHERE project = ?", (project,)))
            self.leaving -= {project}

        await self.transact(apply)

    async def forget_project(self, project: str) -> None:
        """End a project's deletion: it is gone."""

        async def apply() -> None:
            await self.write(self.projects.deletion(project), ("DELETE FROM leaving WHERE project = ?", (project,)))
            self.leaving -= {project}
            if project in self.projects:
                self.projects.drop(project)

        await self.transact(apply)

    async def forget_artifact(self, id: str) -> None:
        """Forget an artifact with its versions; no error where there is none."""

        async def apply() -> None:
            await self.write(self.artifacts.deletion(id), self.versions.deletion(id))
            self.versions.drop(id)
            if id in self.artifacts:
                self.artifacts.drop(id)

        await self.transact(apply)

    async def set_token(self, chat: str, hash: str) -> None:
        """Bind a token's hash to a chat, in place of the one it had."""

        async def apply() -> None:
            await self.write(_binding(chat, hash))
            self._tokens = {known: owner for known, owner in self._tokens.items() if owner != chat} | {hash: chat}

        await self.transact(apply)

    async def revoke_token(self, chat: str) -> None:
        """Forget a chat's token."""

        async def apply() -> None:
            # Where the disk is full it ends all the same; a hub that finds it again sees that its container has ended.
            with suppress(StorageFull):
                await self.write(("DELETE FROM token WHERE chat = ?", (chat,)))
            self._tokens = {known: owner for known, owner in self._tokens.items() if owner != chat}

        await self.transact(apply)

    def chat_of_token(self, hash: str) -> str | None:
        """The id of the chat that holds the token of this hash."""
        return self._tokens.get(hash)

    def remember(self, key: str, value: str) -> None:
        """Keep a fact of the hub itself, such as its gateway's port. Blocks; for the hub's start only."""
        # What is known already needs no room on a disk that is full.
        if self.recall(key) != value:
            with _full_disk_said():
                self._db.execute(_REMEMBER, (key, value))

    async def note(self, key: str, value: str) -> None:
        """As :meth:`remember`, at any time."""
        await self.transact(lambda: self.write((_REMEMBER, (key, value))))

    def recall(self, key: str) -> str | None:
        """A fact kept by :meth:`remember`."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Finish what is being written and let go of the directory."""
        self._thread.shutdown()
        self._db.close()
        self._lock_file.close()

    def _meta(self, key: str, default: str) -> str:
        if self.recall(key) is None:
            self.remember(key, default)
        return self.recall(key) or default


@contextmanager
def _full_disk_said() -> Iterator[None]:
    """Raise :class:`~agent_hub.errors.StorageFull` where SQLite has no room."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not _is_full(error):
            raise
        raise StorageFull(
            "The disk that holds the hub's data is full; nothing was changed.", "Free some space and try again."
        ) from error


def _is_full(error: BaseException) -> bool:
    # The second: what it keeps beside the database, in shared memory, could not grow.
    full = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode in full


def _check_not_lost(path: Path) -> None:
    """Raise :class:`~agent_hub.errors.StoreDamaged` where the hub's memory is gone and what it knew of is not."""
    if path.exists() and path.stat().st_size:
        return
    known = [name for name in ("projects", "chats") if any((path.parent / name).glob("*"))]
    if known:
        raise StoreDamaged(
            f"The hub's memory {path} is {'empty' if path.exists() else 'gone'}, and {path.parent} still holds "
            f"{' and '.join(known)}. Nothing was changed.",
            _REMEDY,
        )


def _damaged(path: Path, why: str) -> StoreDamaged:
    return StoreDamaged(f"The hub's memory {path} is damaged: {why}. Nothing was changed.", _REMEDY)


_REMEMBER = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"

_REMEDY = (
    "Put a copy of hub.db from a backup in its place. Without one: every chat's files are in chats/*/workspace of that "
    "folder; save what you need of them, and start with another folder, --AgentHub.data_dir=FOLDER."
)


def _binding(chat: str, hash: str) -> Statement:
    return (
        "INSERT INTO token (chat, hash) VALUES (?, ?) ON CONFLICT (chat) DO UPDATE SET hash = excluded.hash",
        (chat, hash),
    )

"""What is kept of chats that were deleted with unsaved work, for a while."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shlex
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from agent_hub.engines.trees import remove_tree
from agent_hub.errors import AgentHubError, Conflict, NotFound, StorageFull, WorkNotKept
from agent_hub.hub.bundles import bundle_work
from agent_hub.hub.folders import Folders
from agent_hub.hub.git_directory import OBJECTS
from agent_hub.hub.inspection import Unreadable
from agent_hub.hub.store import Store
from agent_hub.hub.unsaved import Unsaved, unsaved_work
from agent_hub.models import Chat, DeletedChat, now

logger = logging.getLogger(__name__)

DESCRIPTION = "kept.json"
BUNDLE = "work.bundle"
WORKSPACE = "workspace"

LEFT = "deleted"
"""Marks the folder of a project that was deleted, and left for what builds on its clone. No other is ever removed."""

SWEEP_INTERVAL = 86400.0
"""Seconds between two looks at what has been kept long enough."""

DOUBT = 3600.0
"""Seconds later that it still must be: a clock may be wrong for a while, as after the machine's start."""


class DeletedChats:
    """Keeps the unsaved work of deleted chats, gives it back, and lets go of it after some days.

    One folder for each, with a description and either a Git bundle or the workspace as it was. Whoever has only the
    description has nothing: it is written first.

    Parameters
    ----------
    store, folders
        The hub's.
    days
        How long; 0 keeps nothing.
    """

    def __init__(self, store: Store, folders: Folders, days: float) -> None:
        self._store = store
        self._folders = folders
        self._days = days
        self._sweeping: asyncio.Task[None] | None = None

    # -- keeping

    async def keep(self, chat: Chat, workspace: Path) -> DeletedChat | None:
        """Keep what is in a workspace and nowhere else, once no container uses it; None where there is nothing.

        When this returns the workspace has left its place, so that a removal that is cut short is never taken for work.
        What was kept before for this chat stays as it is.

        Raises
        ------
        StorageFull, WorkNotKept
            It could not be kept. The workspace is as it was, and must stay.
        """
        kept = await asyncio.to_thread(self._read, self._folders.deleted(chat.id))
        if kept is None and self._days > 0 and await asyncio.to_thread(workspace.is_dir):
            unsaved = await unsaved_work(workspace)
            if unsaved:
                kept = await self._keep(chat, workspace, unsaved)
        await asyncio.to_thread(_put_aside, workspace)
        return kept

    async def _keep(self, chat: Chat, workspace: Path, unsaved: Unsaved) -> DeletedChat:
        project = self._store.projects.items.get(chat.project)
        folder = self._folders.deleted(chat.id)
        described = DeletedChat(
            id=chat.id,
            name=chat.name,
            project=chat.project,
            project_name=project.name if project else "",
            url=project.url if project else "",
            agent=chat.agent,
            model=chat.model,
            kind="bundle",
            path=str(folder / BUNDLE),
            files=unsaved.files,
            commits=unsaved.commits,
        )
        try:
            return await self._keep_bundle(described, workspace)
        except (Unreadable, AgentHubError, OSError, UnicodeError) as error:
            logger.warning("The work of chat %s is kept as a folder, not as a bundle: %s", chat.id, error)
        try:
            return await asyncio.to_thread(self._keep_folder, described, workspace)
        except OSError as error:
            await asyncio.to_thread(shutil.rmtree, folder, True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(
                    f"The disk is full, so the unsaved work of “{chat.name}” could not be kept; it was not deleted.",
                    "Free some space and delete it again, or push its work.",
                ) from None
            raise WorkNotKept(
                f"The unsaved work of “{chat.name}” could not be kept ({error.strerror}); it was not deleted.",
                "Push its work from the chat, then delete it again.",
            ) from None

    async def _keep_bundle(self, described: DeletedChat, workspace: Path) -> DeletedChat:
        folder = self._folders.deleted(described.id)
        unfinished = folder / "unfinished"
        try:
            await asyncio.to_thread(_make_empty, unfinished)
            file = unfinished / BUNDLE
            bundled = await bundle_work(workspace, file, unfinished)
            described = described.model_copy(
                update={
                    **vars(bundled),
                    "size": file.stat().st_size,
                    "how": f"git fetch {shlex.quote(described.path)} 'refs/*:refs/kept/*'",
                }
            )
            await asyncio.to_thread(_write, folder, described)
            await asyncio.to_thread(_move, file, folder / BUNDLE)
        finally:
            await asyncio.to_thread(shutil.rmtree, unfinished, True)
        return self._dated(described)

    def _keep_folder(self, described: DeletedChat, workspace: Path) -> DeletedChat:
        folder = self._folders.deleted(described.id)
        described = described.model_copy(
            update={
                "kind": "workspace",
                "path": str(folder / WORKSPACE),
                "how": f"cp -a {shlex.quote(str(folder / WORKSPACE))} FOLDER",
            }
        )
        _make_empty(folder)
        link = workspace.parent / OBJECTS.lstrip("/")
        if link.is_symlink():
            # The workspace finds its objects by a link beside it, at the same depth.
            (folder / OBJECTS.lstrip("/")).parent.mkdir()
            (folder / OBJECTS.lstrip("/")).symlink_to(os.readlink(link))
        _write(folder, described)
        try:
            _move(workspace, folder / WORKSPACE)
        except OSError:
            # It may have moved without being known to be on disk; what stays must stay in its place.
            if not workspace.exists():
                os.rename(folder / WORKSPACE, workspace)
            raise
        return self._dated(described)

    # -- what there is

    async def all(self) -> list[DeletedChat]:
        """Everything that is kept, newest first."""
        return await asyncio.to_thread(self._all)

    async def get(self, chat_id: str) -> DeletedChat:
        """What is kept of a chat. Raises :class:`~agent_hub.errors.NotFound`."""
        found = await asyncio.to_thread(self._read, self._folders.deleted(chat_id))
        if found is None:
            raise NotFound(f"Nothing is kept of a deleted chat {chat_id}.", "It may have been let go of.")
        return found

    async def content(self, chat_id: str) -> Path:
        """The bundle. Raises :class:`~agent_hub.errors.Conflict` where a folder is kept instead."""
        found = await self.get(chat_id)
        if found.kind != "bundle":
            raise Conflict(
                f"The work of “{found.name}” could not be made a bundle; it is kept as the folder {found.path}.",
                "Restore the chat, or copy the folder.",
            )
        return Path(found.path)

    async def remove(self, chat_id: str) -> None:
        """Let go of what is kept of a chat, now."""
        folder = self._folders.deleted(chat_id)
        # Not `Path.is_dir`: a name that no file system takes is an error to it.
        if not await asyncio.to_thread(os.path.isdir, folder):
            await self.get(chat_id)
        await asyncio.to_thread(remove_tree, folder)
        await asyncio.to_thread(self._let_go_of_projects)

    def _all(self) -> list[DeletedChat]:
        with suppress(FileNotFoundError):
            found = [self._read(folder) for folder in self._folders.all_deleted.iterdir()]
            return sorted((kept for kept in found if kept), key=lambda kept: kept.deleted_at, reverse=True)
        return []

    def _read(self, folder: Path) -> DeletedChat | None:
        try:
            described = DeletedChat.model_validate_json((folder / DESCRIPTION).read_bytes())
        except (OSError, ValueError):
            return None
        # The data directory may have been moved since.
        path = folder / (BUNDLE if described.kind == "bundle" else WORKSPACE)
        if not path.exists():
            return None
        how = described.how.replace(shlex.quote(described.path), shlex.quote(str(path)))
        return self._dated(described.model_copy(update={"path": str(path), "how": how}))

    def _dated(self, described: DeletedChat) -> DeletedChat:
        try:
            expires = described.deleted_at + timedelta(days=self._days)
        except OverflowError:
            # So many days that it is for ever.
            expires = None
        return described.model_copy(update={"expires_at": expires})

    # -- letting go

    async def remove_project(self, project_id: str) -> None:
        """Remove a project's folder, but for its clone where work that is kept builds on it."""
        await asyncio.to_thread(self._remove_project, project_id)

    def _remove_project(self, project_id: str) -> None:
        folder = self._folders.project(project_id)
        if not any(kept.project == project_id and _builds_on_clone(kept) for kept in self._all()):
            shutil.rmtree(folder, ignore_errors=True)
            return
        clone, mark = self._folders.repository(project_id), folder / LEFT
        mark.touch()
        for entry in folder.iterdir():
            if entry not in (clone, mark):
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()

    def start(self) -> None:
        """Let go of what has been kept long enough: now, and once a day."""
        self._sweeping = asyncio.create_task(self._keep_sweeping(), name="agent-hub deleted chats")

    async def close(self) -> None:
        """Stop doing so."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])

    async def sweep(self) -> None:
        """Let go of what has been kept long enough."""
        await asyncio.to_thread(lambda: self._let_go(self._expired()))

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                expired = await asyncio.to_thread(self._expired)
                await asyncio.sleep(DOUBT)
                await asyncio.to_thread(self._let_go_of_still, expired)
            except OSError as error:
                logger.warning("Old work of deleted chats could not be removed: %s", error)
            await asyncio.sleep(SWEEP_INTERVAL)

    def _expired(self) -> set[str]:
        return {kept.id for kept in self._all() if kept.expires_at is not None and kept.expires_at < now()}

    def _let_go_of_still(self, expired: set[str]) -> None:
        self._let_go(expired & self._expired())

    def _let_go(self, expired: set[str]) -> None:
        for id in expired:
            remove_tree(self._folders.deleted(id))
        self._let_go_of_projects()

    def _let_go_of_projects(self) -> None:
        """Remove clones of deleted projects that nothing builds on any more."""
        needed = {kept.project for kept in self._all() if _builds_on_clone(kept)}
        for mark in self._folders.projects.glob(f"*/{LEFT}"):
            # One in the store was not deleted to the end, and may be used again.
            if mark.parent.name not in needed and mark.parent.name not in self._store.projects:
                shutil.rmtree(mark.parent, ignore_errors=True)


def _builds_on_clone(kept: DeletedChat) -> bool:
    return kept.kind == "workspace" or bool(kept.needs)


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _put_aside(workspace: Path) -> None:
    aside = workspace.with_name("workspace.deleted")
    if workspace.is_dir() and not workspace.is_symlink():
        remove_tree(aside)
        workspace.rename(aside)


def _write(folder: Path, described: DeletedChat) -> None:
    new = folder / f"{DESCRIPTION}.new"
    with new.open("w") as file:
        file.write(described.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / DESCRIPTION)


def _move(source: Path, target: Path) -> None:
    """Move, and have it on disk before anything is removed."""
    os.rename(source, target)
    for folder in (target.parent, target.parent.parent, source.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

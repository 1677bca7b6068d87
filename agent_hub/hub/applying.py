"""A chat's changes put into a checkout of the person's, where all of them fit, and else none.

What the checkout has changed itself since stays. Nothing of it is staged or committed, and no path of the agent's leads
out of it.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent_hub.errors import Conflict, GitError, InvalidInput
from agent_hub.hub.beneath import FILE, FOLDER
from agent_hub.hub.branches import QUIETLY
from agent_hub.hub.diffs import QUIETLY as PLAINLY
from agent_hub.hub.diffs import Change, parse
from agent_hub.hub.git import git_output, run_git
from agent_hub.hub.inspection import Inspection
from agent_hub.hub.uncommitted import FILE_BYTES
from agent_hub.hub.work import TIMEOUT, Work
from agent_hub.models import WorkApplied

MERGED_BYTES = 8 * 2**20
"""Most bytes of a file that both sides have changed; a larger one is a conflict."""

SUBMODULE = b"160000"
NOTHING = b"000000"


@dataclass(frozen=True)
class Version:
    """A file's mode and the id of its content, as Git has them; nothing where there is none."""

    mode: bytes
    id: bytes

    @property
    def there(self) -> bool:
        return self.mode != NOTHING


@dataclass(frozen=True)
class Ours:
    """What the checkout has at a path, its content where that is needed."""

    version: Version
    content: bytes


async def checkout_of(path: str) -> Path:
    """The top of the checkout that a folder is in. Raises :class:`~agent_hub.errors.InvalidInput`."""
    folder = Path(os.path.expanduser(path))
    problem = InvalidInput(
        f"{path[:200]!r} is in no checkout of Git.",
        "Name the folder of a checkout on the server's machine.",
        field="to",
    )
    if "\0" in path or not folder.is_absolute() or not folder.is_dir():
        raise problem
    try:
        top = await run_git("rev-parse", "--show-toplevel", cwd=folder, action="look at the checkout", timeout=TIMEOUT)
    except GitError:
        raise problem from None
    return Path(top.removesuffix("\n"))


async def apply_work(work: Work, to: str) -> WorkApplied:
    """Put all that a chat has changed into a checkout, merged with what that has changed itself.

    Raises
    ------
    Conflict
        Some of it does not fit; ``files`` of the details says which. Nothing has changed.
    InvalidInput
        There is no checkout.
    """
    top = await checkout_of(to)
    listing = await work.run(
        "diff-tree", "-r", "-z", "--no-renames", "--raw", *PLAINLY, work.base, work.tip, action="compare the files"
    )
    changes, _ = parse(listing)
    modules = [change for change in changes if SUBMODULE in (change.old_mode, change.new_mode)]
    before: dict[bytes, Ours] = {}
    after: dict[bytes, Version] = {}
    unchanged, conflicts = [], []
    for change in changes:
        if change in modules:
            continue
        base, theirs = Version(change.old_mode, change.old_id), Version(change.new_mode, change.new_id)
        ours = await asyncio.to_thread(_look, top, change.path, len(base.id if base.there else theirs.id))
        if ours is None:
            conflicts.append(change)
        elif ours.version == theirs or not ours.version.there and not theirs.there:
            unchanged.append(change)
        elif ours.version == base or not ours.version.there and not base.there:
            before[change.path], after[change.path] = ours, theirs
        elif (merged := await _merge(work, base, ours, theirs)) is not None:
            before[change.path], after[change.path] = ours, merged
        else:
            conflicts.append(change)
    if conflicts:
        raise _conflict(conflicts, top)
    if after:
        await _write(work, top, before, after)
    return WorkApplied(
        to=str(top),
        files=_names(after),
        unchanged=_names(change.path for change in unchanged),
        left_out=(*work.left_out, *_names(change.path for change in modules)),
    )


def _look(top: Path, path: bytes, id_length: int) -> Ours | None:
    """What is at a path; ``None`` for what no file of Git's can be, or is behind a link. Blocks."""
    *folders, name = path.split(b"/")
    absent = Ours(Version(NOTHING, b"0" * id_length), b"")
    here = os.open(top, FOLDER)
    try:
        for folder in folders:
            below = os.open(folder, FOLDER, dir_fd=here)
            os.close(here)
            here = below
        status = os.stat(name, dir_fd=here, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return _version(b"120000", os.readlink(name, dir_fd=here), id_length)
        if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_BYTES:
            return None
        with open(os.open(name, FILE, dir_fd=here), "rb") as file:
            mode = b"100755" if status.st_mode & 0o100 else b"100644"
            return _version(mode, file.read(), id_length)
    except OSError as error:
        return absent if error.errno == errno.ENOENT else None
    finally:
        os.close(here)


def _version(mode: bytes, content: bytes, id_length: int) -> Ours:
    digest = hashlib.sha256 if id_length == 64 else hashlib.sha1
    # As Git names it, byte for byte; what a filter of the person's would change is a change.
    id = digest(b"blob %d\0" % len(content) + content).hexdigest().encode()
    return Ours(Version(mode, id), content)


async def _merge(work: Work, base: Version, ours: Ours, theirs: Version) -> Version | None:
    """Both sides' changes of one file; ``None`` where they do not go together."""
    if not (base.there and ours.version.there and theirs.there):
        return None
    modes = {base.mode, ours.version.mode, theirs.mode}
    if b"120000" in modes:
        return None
    mode = theirs.mode if theirs.mode != base.mode else ours.version.mode
    if theirs.id in (base.id, ours.version.id):
        return Version(mode, await _keep(work, ours.content))
    if ours.version.id == base.id:
        return Version(mode, theirs.id)
    sides = [await _content(work, base.id), await _content(work, theirs.id)]
    if any(len(side) > MERGED_BYTES or b"\0" in side for side in (ours.content, *sides)):
        return None
    with tempfile.TemporaryDirectory(dir=work.look.git) as folder:
        files = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for file, content in zip(files, (ours.content, *sides), strict=True):
            await asyncio.to_thread(file.write_bytes, content)
        try:
            merged = await git_output(
                "merge-file", "-p", "-q", *map(str, files), cwd=work.look.git, env=work.look.environment,
                action="merge a file", timeout=TIMEOUT,
            )  # fmt: skip
        except GitError:
            return None
    return Version(mode, await _keep(work, merged))


async def _content(work: Work, id: bytes) -> bytes:
    return await work.run("cat-file", "blob", id.decode(), action="read a file", most=MERGED_BYTES + 1)


async def _keep(work: Work, content: bytes) -> bytes:
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(file.write, content)
        file.seek(0)
        name = await work.look.run(
            "hash-object", "-w", "-t", "blob", "--no-filters", "--stdin",
            action="keep a file", stdin=file, timeout=TIMEOUT,
        )  # fmt: skip
    return name.strip()


async def _write(work: Work, top: Path, before: dict[bytes, Ours], after: dict[bytes, Version]) -> None:
    """Write the files: Git itself checks each path, and all of them before it touches one."""
    for ours in before.values():
        if ours.version.there:
            await _keep(work, ours.content)
    old = await _tree(work, {path: ours.version for path, ours in before.items()})
    new = await _tree(work, after)
    patch = work.look.git / "made.patch"
    await work.run(
        "diff-tree", "-r", "-p", "--binary", "--full-index", "--no-renames", *PLAINLY, f"--output={patch}", old, new,
        action="compare the files",
    )  # fmt: skip
    for check in (["--check"], []):
        try:
            await run_git(
                *QUIETLY, "-c", "core.autocrlf=false", "apply", *check, "--whitespace=nowarn", "--", str(patch),
                cwd=top, action="apply the changes", timeout=TIMEOUT,
            )  # fmt: skip
        except GitError as error:
            raise Conflict(
                f"The changes do not fit into {top}: {error.message}",
                "Nothing was changed. Make a branch of them instead, and merge it.",
                files=list(_names(after)),
            ) from None


async def _tree(work: Work, versions: dict[bytes, Version]) -> str:
    look: Inspection = work.look
    index = look.git / "made.index"
    environment = look.environment | {"GIT_INDEX_FILE": str(index)}
    await asyncio.to_thread(index.unlink, True)
    with tempfile.TemporaryFile() as lines:
        for path, version in versions.items():
            if version.there:
                lines.write(b"%s %s\t%s\0" % (version.mode, version.id, path))
        lines.seek(0)
        await git_output(
            "update-index", "--add", "-z", "--index-info",
            cwd=look.workspace, env=environment, stdin=lines, action="compare the files", timeout=TIMEOUT,
        )  # fmt: skip
    tree = await git_output(
        "write-tree", cwd=look.workspace, env=environment, action="compare the files", timeout=TIMEOUT
    )
    return tree.decode().strip()


def _conflict(changes: list[Change], top: Path) -> Conflict:
    files = _names(change.path for change in changes)
    some = ", ".join(files[:10]) + (f" and {len(files) - 10} more" if len(files) > 10 else "")
    return Conflict(
        f"{len(files)} file{'s do' if len(files) != 1 else ' does'} not fit into {top}: {some}.",
        "Nothing was changed. Make a branch of the changes instead, and merge it.",
        files=list(files),
    )


def _names(paths: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(path.decode(errors="backslashreplace") for path in paths)

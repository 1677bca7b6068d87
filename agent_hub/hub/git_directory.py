"""The ``.git`` of a new workspace."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OBJECTS = "/hub/objects"
"""Where a container finds the objects of the project's clone, and the same path below a workspace's parent here."""

ALTERNATES = f"../../..{OBJECTS}\n"
"""The same seen from a workspace's own objects: as many steps up as there are to a container's root, and no more."""


@dataclass(frozen=True)
class GitDirectory:
    """What ``git clone --shared`` would write, but for the copy of the objects that it does not need.

    Parameters
    ----------
    url
        Of ``origin``.
    head
        What HEAD says: a ref, or a commit.
    commit
        What that is; empty in an empty repository.
    default
        What HEAD of the repository says.
    refs
        The repository's branches and tags.
    shallow
        The commits whose parents the project's clone does not have.
    """

    url: str
    head: bytes
    commit: str
    default: bytes
    refs: Mapping[bytes, bytes]
    shallow: bytes = b""

    def write(self, folder: Path) -> None:
        """Write it. Blocks."""
        for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "logs", "info"):
            (folder / name).mkdir(parents=True)
        branch = self.head.removeprefix(b"ref: refs/heads/") if self.head.startswith(b"ref: refs/heads/") else b""
        (folder / "objects/info/alternates").write_text(ALTERNATES)
        (folder / "packed-refs").write_bytes(self._packed_refs(branch))
        (folder / "config").write_bytes(self._config(branch))
        if self.commit:
            (folder / "logs/HEAD").write_bytes(self._log())
        if self.shallow:
            (folder / "shallow").write_bytes(self.shallow)
        if self.default in (b"ref: " + name for name in self.refs):
            (folder / "refs/remotes/origin").mkdir(parents=True)
            (folder / "refs/remotes/origin/HEAD").write_bytes(_remote(self.default) + b"\n")
        # Last: without it Git takes the folder for no repository.
        (folder / "HEAD").write_bytes(self.head + b"\n")

    def _packed_refs(self, branch: bytes) -> bytes:
        refs = {_remote(name): value for name, value in self.refs.items()}
        if branch and self.commit:
            refs[b"refs/heads/" + branch] = self.commit.encode()
        lines = (b"%s %s\n" % (refs[name], name) for name in sorted(refs))
        return b"# pack-refs with: sorted \n" + b"".join(lines)

    def _config(self, branch: bytes) -> bytes:
        sha256 = len(self.commit) == 64
        sections: list[tuple[bytes, dict[str, bytes]]] = [
            (
                b"core",
                {
                    "repositoryformatversion": b"1" if sha256 else b"0",
                    "filemode": b"true",
                    "bare": b"false",
                    "logallrefupdates": b"true",
                },
            ),
            (b"extensions", {"objectformat": b"sha256"} if sha256 else {}),
            (
                b'remote "origin"',
                {"url": _quoted(os.fsencode(self.url)), "fetch": b"+refs/heads/*:refs/remotes/origin/*"},
            ),
            (
                b"branch %s" % _quoted(branch),
                {"remote": b"origin", "merge": _quoted(b"refs/heads/" + branch)} if branch else {},
            ),
            # As many at once as there are cores: also for what the agent checks out.
            (b"checkout", {"workers": b"0"}),
        ]
        return b"".join(
            b"[%s]\n%s" % (name, b"".join(b"\t%s = %s\n" % (key.encode(), value) for key, value in entries.items()))
            for name, entries in sections
            if entries
        )

    def _log(self) -> bytes:
        old, new = b"0" * len(self.commit), self.commit.encode()
        who = b"Agent Hub <agent-hub@localhost> %d +0000" % time.time()
        return b"%s %s %s\tclone: from %s\n" % (old, new, who, os.fsencode(self.url))


def _remote(ref: bytes) -> bytes:
    return ref.replace(b"refs/heads/", b"refs/remotes/origin/", 1)


def _quoted(value: bytes) -> bytes:
    return b'"%s"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n").replace(b"\t", b"\\t")

"""A large repository's chats."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.bench import Bench, Stage
from tests.bench.chats import COLD, HubChats
from tests.bench.figures import MILLISECONDS, Bar, Figure
from tests.bench.project import Project, make_repository

FOLDER_FILES = 50
FILE_BYTES = 6300


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """From asking for a chat to the prompt of its shell, with all files there."""
    count = bench.scale.files
    text = b"".join(b"a line of text, number %5d, of a source file\n" % number for number in range(140))[:FILE_BYTES]
    files = {f"folder{number // FOLDER_FILES}/file{number}.txt": b"%d\n" % number + text for number in range(count)}
    repository = make_repository(stage.server.folder.parent / "files", files)
    project = Project(stage.server, repository, bench.base)
    hub = HubChats(stage.server, project)
    spare, cold, clones, whole = [], [], [], True
    # Nothing is removed before all is measured: for some minutes, whenever it makes a file, ext4 looks again at each
    # inode that was freed, and making twenty thousand takes many times as long.
    with ExitStack() as kept:
        for number in range(bench.scale.few_runs):
            project.wait_for_spares(bench.scale.spares)
            clones.append(_clone(repository, bench.folder / f"clone{number}"))
            os.sync()
            for kind, options in ((cold, COLD), (spare, {})):
                chat = kept.enter_context(hub.chat(**options))
                kind.append(chat.milliseconds)
                whole = whole and sum(path.is_file() for path in chat.workspace.glob("folder*/*")) == count
    claims = {"all files there": whole}
    name = f"{count}-file repository"
    yield Figure(f"{name}: from a spare, p50", MILLISECONDS, spare, bar=Bar(most=20), claims=claims)
    yield Figure(f"{name}: cold, p50", MILLISECONDS, cold, clones, bar=Bar(most=2000), claims=claims)
    project.delete()


def _clone(repository: Path, folder: Path) -> float:
    """Milliseconds that Git alone takes for a clone that borrows all objects, without a container."""
    os.sync()
    started = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", "--shared", str(repository), str(folder)], check=True)
    return (time.perf_counter() - started) * 1000

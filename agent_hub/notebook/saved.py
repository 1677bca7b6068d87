"""What a chat's agent has saved for the notebook: files in ``results/``, and artifacts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from agent_hub.errors import Conflict, InvalidInput, NotFound
from agent_hub.notebook.artifacts import Artifacts
from agent_hub.notebook.decoding import SUFFIXES, check, decode
from agent_hub.notebook.inputs import scratch
from agent_hub.notebook.workspace import ChatWorkspace

if TYPE_CHECKING:
    from agent_hub.notebook.files import WorkspacePath

FOLDER = "results"


@dataclass(frozen=True)
class Saved:
    """A file that an agent has saved.

    Parameters
    ----------
    name
        The file's, with what tells its type.
    at
        When it was saved.
    save
        Copies it to a file of this machine.
    """

    name: str
    size: int
    at: datetime
    read_bytes: Callable[[], bytes]
    save: Callable[[str | os.PathLike[str]], Path]


class ChatResults(ChatWorkspace):
    """The part of a chat that is what its agent has saved and published."""

    @property
    def artifacts(self) -> Artifacts:
        """The files it has published, by name."""
        return Artifacts(self._transport, self.id, self._data.name)

    def result(self, name: str, *, pickle: bool = False) -> Any:
        """A value that its agent has saved as ``results/<name>.*``, or published as an artifact of that name.

        The file's type says what it is: a DataFrame for Parquet and CSV, an array for ``.npy``, what JSON holds, the
        text of Markdown, a picture that a notebook shows. Of several files, it is the one that was saved last.

        Parameters
        ----------
        name
            With or without its suffix.
        pickle
            Load a pickle too, which runs what the agent has put into it.

        Raises
        ------
        NotFound
            There is nothing of that name; the hint says what there is.
        NotSerialisable
            The file is damaged, or of no type that is loaded.
        NotAllowed
            It is a pickle, and `pickle` is not set.
        MissingPackage
            It takes a package that is not installed.
        """
        saved = find(self.files, self.artifacts, name)
        check(saved.name, pickle)
        with scratch() as folder:
            return decode(saved.name, saved.save(folder / "value"), pickled=pickle)


def find(files: WorkspacePath, artifacts: Artifacts, name: str) -> Saved:
    """What was saved under a name, with or without its suffix; of several, what was saved last.

    Raises
    ------
    NotFound
        There is nothing of that name; the hint says what there is.
    """
    there = everything(files, artifacts, name)
    found = newest(there, name)
    if found is None:
        names = ", ".join(sorted({one.name for one in there})) or "nothing yet"
        raise NotFound(f"The agent has saved no result {name!r}.", f"In {FOLDER}/ and as artifacts there is {names}.")
    return found


def everything(files: WorkspacePath, artifacts: Artifacts, name: str) -> Sequence[Saved]:
    """What was saved, whatever it is called, where that name would be; raises ``NotFound`` where the chat is gone."""
    return [*_in_folder(files, name), *_published(artifacts)]


def newest(there: Iterable[Saved], name: str) -> Saved | None:
    """What was saved under a name, with or without its suffix; of several, what was saved last."""
    wanted = PurePosixPath(name).name
    found = (one for one in there if one.name == wanted or _stem(one.name) == wanted)
    return max(found, key=lambda one: one.at, default=None)


def _in_folder(files: WorkspacePath, name: str) -> Iterator[Saved]:
    folder = files[FOLDER] / PurePosixPath(name).parent
    # Without a workspace, or that folder in it, nothing was saved there.
    with suppress(NotFound, Conflict, InvalidInput):
        for path, entry in folder._listed():
            if entry.type == "file":
                yield Saved(path.name, entry.size, entry.modified, path.read_bytes, path.save)


def _published(artifacts: Artifacts) -> Iterator[Saved]:
    for one in artifacts.values():
        yield Saved(PurePosixPath(one.name).name, one.size, one._data.created_at, one.read_bytes, one.save)


def _stem(name: str) -> str:
    """A file's name without its suffix, where that says what a value it is."""
    stem, dot, suffix = name.rpartition(".")
    return stem if f"{dot}{suffix}".lower() in SUFFIXES else name

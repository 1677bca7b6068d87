"""A file that an agent has saved as a value: by its type, and without running anything of what is in it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent_hub.errors import AgentHubError, NotAllowed, NotSerialisable
from agent_hub.notebook.content import PICTURES
from agent_hub.notebook.packages import need

_MIME = {".png": PICTURES[0], ".jpg": PICTURES[1], ".jpeg": PICTURES[1], ".gif": PICTURES[2], ".webp": PICTURES[3]}

PICKLES = (".pkl", ".pickle")


class Picture:
    """A picture that an agent has made: a notebook shows it, and :attr:`data` are its bytes."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data

    def __repr__(self) -> str:
        return f"Picture({self.name!r}, {len(self.data)} bytes)"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from base64 import b64encode

        suffix = Path(self.name).suffix.lower()
        mime = _MIME.get(suffix, PICTURES[4])
        # In an <img> no script of an SVG runs.
        content = b64encode(self.data).decode("ascii")
        return {
            "text/plain": repr(self),
            "text/html": f'<img src="data:{mime};base64,{content}" style="max-width: 100%;">',
        }


def check(name: str, pickled: bool) -> Callable[[str, Path], Any]:
    """What loads a file of that name, before it is fetched; raises as :func:`decode` does."""
    suffix = Path(name).suffix.lower()
    if suffix in PICKLES and not pickled:
        raise NotAllowed(
            f"{name} is a pickle, and loading it runs what the agent has put into it.",
            "Where you trust it: chat.result(name, pickle=True). Better ask for Parquet, .npy or JSON.",
        )
    read = _READERS.get(suffix)
    if read is None:
        raise NotSerialisable(
            f"{name} is of no type that is loaded by itself.",
            "chat.files or chat.artifacts has its bytes. What is loaded: " + ", ".join(_READERS) + ".",
        )
    return read


def decode(name: str, file: Path, *, pickled: bool = False) -> Any:
    """The value of a file.

    Parameters
    ----------
    name
        What it was saved as, which tells its type.
    file
        Where it is on this machine.
    pickled
        Load a pickle, whose code then runs here.

    Raises
    ------
    NotSerialisable
        It is damaged, or of no type that is known.
    NotAllowed
        It is, or holds, a pickle.
    MissingPackage
    """
    read = check(name, pickled)
    try:
        return read(name, file)
    except AgentHubError:
        raise
    except Exception as error:
        # Each reader has errors of its own, and a pickle has any.
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise NotSerialisable(f"{name} cannot be read: {why}", "Ask the agent to save it again.") from error


def _parquet(name: str, file: Path) -> Any:
    need("pyarrow", f"To load {name}")
    return need("pandas", f"To load {name}").read_parquet(file)


def _csv(name: str, file: Path) -> Any:
    separator = "\t" if name.lower().endswith(".tsv") else ","
    return need("pandas", f"To load {name}").read_csv(file, sep=separator)


def _array(name: str, file: Path) -> Any:
    loaded = need("numpy", f"To load {name}").load(file, allow_pickle=False)
    # What an archive holds is read here, while the file is there and an error can name it.
    return dict(loaded) if hasattr(loaded, "files") else loaded


def _json(name: str, file: Path) -> Any:
    return json.loads(file.read_bytes())


def _text(name: str, file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _pickle(name: str, file: Path) -> Any:
    with file.open("rb") as opened:
        return pickle.load(opened)


_READERS: dict[str, Callable[[str, Path], Any]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _csv,
    ".npy": _array,
    ".npz": _array,
    ".json": _json,
    ".md": _text,
    ".txt": _text,
    **dict.fromkeys((*_MIME, ".svg"), lambda name, file: Picture(name, file.read_bytes())),
    **dict.fromkeys(PICKLES, _pickle),
}
"""By suffix."""

SUFFIXES = tuple(_READERS)

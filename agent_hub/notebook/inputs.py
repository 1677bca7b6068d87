"""Values of a notebook as files in a chat's workspace, and what its agent is told of them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agent_hub.errors import Conflict, InvalidInput
from agent_hub.notebook.encoding import Encoded, encode

if TYPE_CHECKING:
    from agent_hub.notebook.files import WorkspacePath

Inputs = Mapping[str, Any]
"""Values by name: frames, arrays, what JSON has, bytes, files by their :class:`~pathlib.Path`, ``Pickle(value)``."""

FOLDER = "inputs"

OURS = "# Files from a notebook: they are nobody's work.\n/.gitignore\n"

NAME_BYTES = 150

RESULTS = (
    "Save what the notebook is to load back as results/NAME.parquet (a table), .npy (an array), .json, .md or .png."
)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this machine for what is on its way, gone after it."""
    # /tmp is memory on many a machine, and a frame may take half of that already.
    above = os.environ.get("TMPDIR") or next(filter(os.path.isdir, ["/var/tmp"]), None)
    with TemporaryDirectory(prefix="agent-hub-", dir=above) as folder:
        yield Path(folder)


@contextmanager
def encoded(inputs: Inputs) -> Iterator[list[Encoded]]:
    """Every input as a file of this machine, as long as the context lasts; raises as :func:`encode_all`."""
    with scratch() as folder:
        yield encode_all(inputs, folder)


def encode_all(inputs: Inputs, folder: Path) -> list[Encoded]:
    """Every input as a file in that folder, before anything is sent.

    Raises
    ------
    InvalidInput
        A name cannot be a file's.
    NotSerialisable
        Of a value no file can be made.
    MissingPackage
        It takes a package that is not installed.
    """
    if not isinstance(inputs, Mapping):
        raise InvalidInput(
            f"Inputs are values by name, and not a {type(inputs).__name__}.", 'Write {"name": value}.', field="inputs"
        )
    made: dict[str, Encoded] = {}
    for number, (name, value) in enumerate(inputs.items()):
        one = encode(_checked(name), value, folder / str(number))
        if (other := made.get(one.file.casefold())) is not None:
            raise InvalidInput(
                f"The inputs {other.name!r} and {one.name!r} would be the same file, {one.file}.",
                "Give one of them another name.",
                field="inputs",
            )
        made[one.file.casefold()] = one
    return list(made.values())


def place(files: WorkspacePath, inputs: list[Encoded]) -> None:
    """Put inputs into a workspace, where Git takes no notice of them: they are nobody's work.

    Raises
    ------
    Conflict
        The workspace has a file of that name, which no notebook has put there.
    """
    folder = files[FOLDER].mkdir(exist_ok=True)
    # Not .git/info/exclude, which the setup script's files are in by their copy, and an agent may be writing to.
    ignore = folder / ".gitignore"
    text = ignore.read_text(errors="surrogateescape") if ignore.exists() else OURS
    ours = text.startswith(OURS)
    known = text.splitlines() if ours else []
    for one in inputs:
        if _pattern(one.file) not in known and one.file in folder:
            raise Conflict(
                f"The workspace has a file {FOLDER}/{one.file}, which is no input of before.",
                "Give the input another name.",
                field="inputs",
            )
    new = [line for line in map(_pattern, (one.file for one in inputs)) if line not in known]
    # One of the repository's own says what it wants of that folder.
    if ours and new:
        ignore.write_bytes("".join([text, *(f"{line}\n" for line in new)]).encode(errors="surrogateescape"))
    for one in inputs:
        with one.path.open("rb") as file:
            (folder / one.file).write_bytes(file)


def told(prompt: str, inputs: list[Encoded]) -> str:
    """A prompt that says what there is for it."""
    if not inputs:
        return prompt
    lines = [f"- {FOLDER}/{one.file}: {one.name}, {one.kind}{f', {one.shape}' if one.shape else ''}" for one in inputs]
    return "\n".join([prompt.rstrip(), "", "Files from the notebook:", *lines, RESULTS])


def _checked(name: Any) -> str:
    """A name that can be a file's."""
    if not isinstance(name, str) or not name:
        raise _wrong(f"{name!r} is no name of an input.", 'Write inputs={"name": value}.')
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name):
        raise _wrong(f"The input's name {name!r} has characters that no file's name should have.", "Leave them out.")
    if re.search(r"[/\\]", name) or name.startswith(".") or name != name.strip():
        raise _wrong(f"The input's name {name!r} is no plain file name.", "Leave out slashes, leading dots and blanks.")
    if len(name.encode()) > NAME_BYTES:
        raise _wrong(f"The input's name {name[:20]!r}… is too long.", f"{NAME_BYTES} bytes are the most.")
    return name


def _pattern(file: str) -> str:
    r"""A line of Git's list of what to ignore that means this file alone.

    >>> _pattern("a[1].json")
    '/a\\[1\\].json'
    """
    return "/" + re.sub(r"([\\*?\[\]])", r"\\\1", file)


def _wrong(message: str, hint: str) -> InvalidInput:
    return InvalidInput(message, hint, field="inputs")

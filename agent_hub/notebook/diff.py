"""What a chat has changed, as a notebook shows it: HTML alone, which a saved notebook shows without a kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, overload

from agent_hub.notebook import display
from agent_hub.notebook.mapping import NoSuchName
from agent_hub.notebook.plain import one_line, visible

if TYPE_CHECKING:
    from agent_hub import models

SHOWN_FILES = 200
SHOWN_LINES = 400
"""Most files, and most lines of each, that are shown: a notebook saves what it shows."""

SHOWN_CHARACTERS = 400_000
"""Most characters of all patches that are shown."""

OPEN_LINES = 200
"""Lines that are unfolded at first; what is past them is a click away."""

# Half transparent, so that they are right on a light page and on a dark one, and are kept in an untrusted notebook.
_COLOURS = {"+": "rgba(46, 160, 67, 0.2)", "-": "rgba(248, 81, 73, 0.2)", "@": "rgba(128, 128, 128, 0.2)"}
_PRE = "margin: 0; padding: 4px 0; overflow-x: auto; font-size: 12px; line-height: 1.35;"
_MARKS = {"add": "new", "delete": "deleted", "rename": "renamed", "update": ""}


class FileDiff:
    """One changed file."""

    def __init__(self, data: models.ChangedFile) -> None:
        self._data = data

    @property
    def path(self) -> str:
        """Its path within the workspace."""
        return self._data.path

    @property
    def old_path(self) -> str:
        """Of a renamed file, what it was called."""
        return self._data.old_path

    @property
    def kind(self) -> str:
        """What happened to it: add, delete, update or rename."""
        return self._data.kind

    @property
    def binary(self) -> bool:
        """Whether it is no text; then it has no patch."""
        return self._data.binary

    @property
    def added(self) -> int:
        """Lines that are new."""
        return self._data.added

    @property
    def removed(self) -> int:
        """Lines that are gone."""
        return self._data.removed

    @property
    def patch(self) -> str:
        """The change as Git writes it."""
        return self._data.patch

    @property
    def cut(self) -> bool:
        """Whether the patch is too long, and only begins here."""
        return self._data.cut

    @property
    def title(self) -> str:
        """Its path, with the old one where it was renamed."""
        return one_line(f"{self.old_path} → {self.path}" if self.old_path else self.path)

    @property
    def numbers(self) -> str:
        """How many lines changed."""
        return "binary" if self.binary else f"+{self.added} −{self.removed}"

    def __repr__(self) -> str:
        return f"FileDiff({self.title!r}, {self.kind}, {self.numbers})"

    def _repr_html_(self) -> str:
        return self.html(True, SHOWN_CHARACTERS)

    def html(self, unfolded: bool, room: int) -> display.Markup:
        """The file to fold and unfold, with at most `room` characters of its patch."""
        mark = display.quiet(_MARKS[self.kind])
        summary = f"<summary>{display.code(self.title)} {mark} {_numbers(self)}</summary>"
        return display.Markup(f"<details{' open' if unfolded else ''}>{summary}{self._body(room)}</details>")

    def _body(self, room: int) -> str:
        lines = _hunks(self.patch)
        shown = lines[:SHOWN_LINES]
        while shown and sum(map(len, shown)) > room:
            shown = shown[: len(shown) // 2]
        rows = "".join(_line(line) for line in shown)
        body = f'<pre style="{_PRE}">{rows}</pre>' if rows else ""
        if self.cut or len(shown) < len(lines):
            body += f"<div>{display.quiet('The rest is not shown; it is long.')}</div>"
        elif not rows:
            body += f"<div>{display.quiet(_without_lines(self))}</div>"
        return body

    def _repr_markdown_(self) -> str:
        # Longer than any in the text, which would end it.
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", self.patch)), default=0))
        text = "\n".join(map(visible, _hunks(self.patch)[:SHOWN_LINES]))
        more = "\n\n*The rest is not shown.*" if self.cut or len(_hunks(self.patch)) > SHOWN_LINES else ""
        body = f"\n\n{fence}diff\n{text}\n{fence}{more}" if text else ""
        return f"**`{self.title.replace('`', chr(39))}`** {_MARKS[self.kind]} {self.numbers}{body}"


class Diff(Sequence[FileDiff]):
    """What a chat has changed since it started: committed or not, and new files that Git does not ignore.

    It is as of the moment it was asked for. ``diff["path"]`` is one file, ``diff.patch`` the whole.
    """

    def __init__(self, data: models.ChatDiff) -> None:
        self._data = data
        self._files = tuple(FileDiff(file) for file in data.files)

    @property
    def base(self) -> str:
        """The commit that the chat started from."""
        return self._data.base

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self._data.head

    @property
    def uncommitted(self) -> bool:
        """Whether some of it is not committed."""
        return self._data.uncommitted

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was too large to look at, or is a repository within this one."""
        return self._data.left_out

    @property
    def added(self) -> int:
        """Lines that are new."""
        return sum(file.added for file in self._files)

    @property
    def removed(self) -> int:
        """Lines that are gone."""
        return sum(file.removed for file in self._files)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the changed files."""
        return tuple(file.path for file in self._files)

    @property
    def patch(self) -> str:
        """Every file's patch, one after the other, as Git writes them."""
        return "".join(file.patch for file in self._files)

    @overload
    def __getitem__(self, key: int | str) -> FileDiff: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[FileDiff]: ...
    def __getitem__(self, key: int | str | slice) -> FileDiff | Sequence[FileDiff]:
        if not isinstance(key, str):
            return self._files[key]
        for file in self._files:
            if file.path == key:
                return file
        paths = ", ".join(repr(file.path) for file in self._files[:8])
        more = f", and {len(self._files) - 8} more" if len(self._files) > 8 else ""
        raise NoSuchName(
            f"The chat has not changed {key!r}. " + (f"It has {paths}{more}." if paths else "It has nothing.")
        )

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[FileDiff]:
        return iter(self._files)

    def __contains__(self, key: object) -> bool:
        return key in self._files or key in self.paths

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.paths)

    @property
    def _title(self) -> str:
        count = len(self._files) + self._data.more
        if not count:
            return "Nothing is changed"
        return f"{count} file{'s' * (count != 1)} changed, +{self.added} −{self.removed}"

    @property
    def _notes(self) -> list[str]:
        notes = []
        if (more := len(self._files) + self._data.more - SHOWN_FILES) > 0:
            notes.append(f"and {more} more files")
        if self.left_out:
            some = ", ".join(map(one_line, self.left_out[:10])) + (", …" if len(self.left_out) > 10 else "")
            notes.append(f"left out, as too large or repositories of their own: {some}")
        return notes

    def __repr__(self) -> str:
        shown = self._files[:SHOWN_FILES]
        width = max((len(file.title) for file in shown), default=0)
        lines = [f"  {file.title:<{width}}  {file.numbers}" for file in shown]
        return "\n".join([self._title, *lines, *self._notes])

    def _repr_html_(self) -> str:
        parts = []
        lines, room = OPEN_LINES, SHOWN_CHARACTERS
        for file in self._files[:SHOWN_FILES]:
            lines -= min(file.added + file.removed, SHOWN_LINES) + 1
            parts.append(file.html(lines > 0, room))
            room = max(0, room - len(file.patch))
        notes = "".join(f"<div>{display.quiet(note)}</div>" for note in self._notes)
        return display.Markup(f"<div><strong>{escape(self._title)}</strong>{''.join(parts)}{notes}</div>")

    def _repr_markdown_(self) -> str:
        parts, room = [f"**{self._title}**"], SHOWN_CHARACTERS
        for file in self._files[:SHOWN_FILES]:
            room -= len(file.patch)
            parts.append(file._repr_markdown_() if room > 0 else f"`{file.title}` {file.numbers}")
        return "\n\n".join([*parts, *self._notes])


def _hunks(patch: str) -> list[str]:
    """The lines of a patch after its header."""
    lines = patch.split("\n")
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), len(lines))
    return lines[start:-1] if lines[-1] == "" else lines[start:]


def _line(line: str) -> str:
    colour = _COLOURS.get(line[:1], "")
    style = f"display: block; background-color: {colour};" if colour else "display: block;"
    # An empty block has no height.
    return f'<span style="{style}">{escape(visible(line)) or " "}</span>'


def _numbers(file: FileDiff) -> display.Markup:
    if file.binary:
        return display.quiet("binary")
    counts = (("+", "+", file.added), ("-", "−", file.removed))
    return display.Markup(
        " ".join(
            f'<span style="background-color: {_COLOURS[sign]};">{shown}{count}</span>'
            for sign, shown, count in counts
            if count
        )
    )


def _without_lines(file: FileDiff) -> str:
    if file.binary:
        return "A binary file."
    if file.kind == "rename":
        return "Only its name is changed."
    return "It is empty." if file.kind in ("add", "delete") else "Only its mode is changed."

"""Cuts a terminal's output into text and control functions, as xterm.js does."""

from __future__ import annotations

import codecs
import re
from enum import Enum, auto
from typing import Protocol

_MOST_COLLECTED = 1024
_MOST_PAYLOAD = 8192

_TOKEN = re.compile(
    r"([^\x00-\x1f\x7f-\x9f]+)"
    rf"|\x1b\[([<-?]?)([0-9;:]{{0,{_MOST_COLLECTED}}})([ -/]{{0,2}}[@-~])"
    r"|(\r\n|[\x00-\x17\x19\x1c-\x1f])"
    r"|\x1b([ -/]{0,2}[0-OQ-WYZ\\`-~])"
    rf"|\x1b\]([^\x00-\x1f\x80-\x9f]{{0,{_MOST_PAYLOAD}}})(?:\x07|\x1b\\)"
)
_TEXT, _CONTROL, _EXECUTE, _ESCAPE, _COMMAND = 1, 4, 5, 6, 7

_HEAD = re.compile(r"([<-?]?)([0-9;:]*)([ -/]*)")
_HEAD_PART = re.compile(r"[ -?]+")
_SKIPPED = {
    "string": re.compile(r"[\x00-\x17\x19\x1c-\x7f]*"),
    "device": re.compile(r"[^\x18\x1a\x1b\x80-\x9f]*"),
    "command": re.compile(r"[^\x07\x18\x1a\x1b\x80-\x9f]*"),
}
_IGNORED = re.compile(r"[\x00-\x1f]+")


class _State(Enum):
    GROUND = auto()
    ESCAPE = auto()
    CONTROL = auto()
    IGNORED_CONTROL = auto()
    COMMAND = auto()
    DEVICE_HEAD = auto()
    DEVICE = auto()
    STRING = auto()


class Functions(Protocol):
    """What carries out what a `Parser` found."""

    def print(self, text: str) -> None:
        """Text to show."""

    def execute(self, control: str) -> None:
        """A control character, or a line's end."""

    def control(self, function: str, parameters: str) -> None:
        """A control sequence (CSI): its prefix, intermediate and final characters, and its parameters."""

    def escape(self, function: str) -> None:
        """An escape sequence: its intermediate and final characters."""

    def command(self, payload: str) -> None:
        """An operating system command (OSC)."""


class Parser:
    """Takes output in pieces cut anywhere, and keeps what is unfinished, within bounds.

    Nearly all output is text and well-formed sequences, which one regular expression finds. The rest (unfinished,
    malformed, interrupted by control characters) is looked at character by character, after the state machine of
    xterm.js.
    """

    def __init__(self) -> None:
        self._undecoded = b""
        self._state = _State.GROUND
        self._collected = ""
        self._too_long = False

    def copy(self) -> Parser:
        """A second one that goes its own way."""
        twin = Parser()
        twin.__dict__.update(self.__dict__)
        return twin

    @property
    def at_rest(self) -> bool:
        """Whether no sequence is under way."""
        return self._state is _State.GROUND

    @property
    def unfinished(self) -> str:
        """What brings a parser that is at rest into the middle of the sequence that is under way."""
        return _BEGINNINGS[self._state] + self._collected

    def decode(self, data: bytes) -> str:
        """The text of a piece, but for a character cut at its end."""
        if self._undecoded:
            data = self._undecoded + data
        text, consumed = codecs.utf_8_decode(data, "replace", False)
        self._undecoded = data[consumed:]
        return text.replace("\ufeff", "") if "\ufeff" in text else text

    def feed(self, text: str, functions: Functions) -> None:
        """Take text."""
        at = 0
        end = len(text)
        while at < end:
            if self._state is _State.GROUND:
                at = self._take_whole(text, at, functions)
                if at < end:
                    self._enter(text[at], functions)
                    at += 1
            else:
                at = self._step(text, at, functions)

    def _take_whole(self, text: str, at: int, functions: Functions) -> int:
        """Take the text and the whole sequences from a position on, up to what is none; where that is."""
        show, control, execute = functions.print, functions.control, functions.execute
        match = None
        for match in iter(_TOKEN.scanner(text, at).match, None):  # type: ignore[attr-defined]  # noqa: B007
            kind = match.lastindex
            if kind == _TEXT:
                show(match[1])
            elif kind == _CONTROL:
                prefix, parameters, final = match.group(2, 3, 4)
                control(prefix + final, parameters)
            elif kind == _EXECUTE:
                execute(match[5])
            elif kind == _ESCAPE:
                functions.escape(match[6])
            else:
                functions.command(match[7])
        return at if match is None else int(match.end())

    def _enter(self, character: str, functions: Functions) -> bool:
        """Whether the character is one that does the same in every state."""
        if character == "\x1b":
            self._go(_State.ESCAPE)
        elif character in "\x18\x1a":
            self._go(_State.GROUND)
            functions.execute(character)
        elif "\x80" <= character <= "\x9f":
            self._go(_EIGHT_BIT.get(character, _State.GROUND))
            if self._state is _State.GROUND and character != "\x9c":
                functions.execute(character)
        else:
            return False
        return True

    def _go(self, state: _State) -> None:
        self._state = state
        self._collected = ""
        self._too_long = False

    def _step(self, text: str, at: int, functions: Functions) -> int:
        state = self._state
        if state is _State.COMMAND:
            return self._in_command(text, at, functions)
        if state is _State.DEVICE or state is _State.STRING:
            return self._in_string(text, at, functions)
        if state is not _State.ESCAPE and (head := _HEAD_PART.match(text, at)) is not None:
            self._collect(head[0])
            return head.end()
        character = text[at]
        if self._enter(character, functions):
            return at + 1
        if character == "\x7f":
            return at + 1
        if state is _State.DEVICE_HEAD:
            if character >= "\xa0":
                self._go(_State.GROUND)
            elif character >= "@":
                self._go(_State.DEVICE)
        elif character < " ":
            functions.execute(character)
        elif state is _State.ESCAPE:
            self._in_escape(character, functions)
        else:
            self._in_control(character, functions)
        return at + 1

    def _in_escape(self, character: str, functions: Functions) -> None:
        if character < "0":
            self._collected = (self._collected + character)[:3]
        elif not self._collected and character in _STRINGS:
            self._go(_STRINGS[character])
        else:
            function = self._collected + character
            self._go(_State.GROUND)
            if character < "\x7f":
                functions.escape(function)

    def _collect(self, part: str) -> None:
        if self._state is _State.CONTROL:
            collected = self._collected + part
            if len(collected) <= _MOST_COLLECTED and _HEAD.fullmatch(collected):
                self._collected = collected
            else:
                self._go(_State.IGNORED_CONTROL)

    def _in_control(self, character: str, functions: Functions) -> None:
        head = _HEAD.fullmatch(self._collected) if self._state is _State.CONTROL else None
        if character < "\x7f" or head is not None:
            self._go(_State.GROUND)
        if character < "\x7f" and head is not None:
            functions.control(head[1] + head[3] + character, head[2])

    def _in_string(self, text: str, at: int, functions: Functions) -> int:
        skipped = _SKIPPED["device" if self._state is _State.DEVICE else "string"].match(text, at)
        assert skipped is not None
        end = skipped.end()
        if end == len(text):
            return end
        if not self._enter(text[end], functions):
            self._go(_State.GROUND)
        return end + 1

    def _in_command(self, text: str, at: int, functions: Functions) -> int:
        skipped = _SKIPPED["command"].match(text, at)
        assert skipped is not None
        end = skipped.end()
        if not self._too_long:
            self._collected += _IGNORED.sub("", skipped[0])
            self._too_long = len(self._collected) > _MOST_PAYLOAD
        if end == len(text):
            if self._too_long:
                self._collected = ""
            return end
        payload = None if self._too_long else self._collected
        last = text[end]
        if last == "\x07":
            self._go(_State.GROUND)
        else:
            self._enter(last, functions)
        if last in "\x07\x1b\x9c" and payload is not None:
            functions.command(payload)
        return end + 1


_BEGINNINGS = {
    _State.GROUND: "",
    _State.ESCAPE: "\x1b",
    _State.CONTROL: "\x1b[",
    _State.IGNORED_CONTROL: "\x1b[0?",
    _State.COMMAND: "\x1b]",
    _State.DEVICE_HEAD: "\x1bP",
    _State.DEVICE: "\x1bP~",
    _State.STRING: "\x1b_",
}
_EIGHT_BIT = {
    "\x90": _State.DEVICE_HEAD,
    "\x98": _State.STRING,
    "\x9b": _State.CONTROL,
    "\x9d": _State.COMMAND,
    "\x9e": _State.STRING,
    "\x9f": _State.STRING,
}
_STRINGS = {
    "P": _State.DEVICE_HEAD,
    "X": _State.STRING,
    "[": _State.CONTROL,
    "]": _State.COMMAND,
    "^": _State.STRING,
    "_": _State.STRING,
}

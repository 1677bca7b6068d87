"""Text of an agent's as it can be shown: what would act, or show something else than it is, is shown as what it is."""

from __future__ import annotations

import re

# Every escape sequence of ECMA-48: control sequences, strings (titles, links, images) and the short ones.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
"""Among them what turns the direction of text, by which a command could read as another one."""


def visible(text: str) -> str:
    """Text without a terminal's escape sequences, and with control characters replaced by what names them."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    return _CONTROLS.sub(_named, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same, on one line: a name that an agent has given to a file may have several."""
    return visible(text).replace("\n", "\u240a")


def _named(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"


def head(text: str, most: int) -> str:
    """The beginning of a text, with how much of it that leaves out."""
    return text if len(text) <= most else f"{text[:most]}\n… {len(text) - most:,} more characters"


def tail(text: str, most: int) -> str:
    """The end of a text, with how much of it that leaves out."""
    return text if len(text) <= most else f"… {len(text) - most:,} characters before\n{text[-most:]}"

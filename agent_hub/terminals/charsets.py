"""The character sets that a program can put in place of ASCII, as xterm.js has them."""

from __future__ import annotations

from collections.abc import Mapping

Charset = Mapping[int, str]


def _charset(replaced: str, by: str) -> Charset:
    return dict(zip(map(ord, replaced), by, strict=True))


_FINNISH = _charset("[\\]^`{|}~", "ÄÖÅÜéäöåü")
_NORWEGIAN = _charset("@[\\]^`{|}~", "ÄÆØÅÜäæøåü")
_SWEDISH = _charset("@[\\]^`{|}~", "ÉÄÖÅÜéäöåü")

CHARSETS: Mapping[str, Charset | None] = {
    "B": None,
    "0": _charset("`abcdefghijklmnopqrstuvwxyz{|}~", "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"),
    "A": _charset("#", "£"),
    "4": _charset("#@[\\]{|}~", "£¾i½|¨f¼´"),
    "C": _FINNISH,
    "5": _FINNISH,
    "R": _charset("#@[\\]{|}~", "£à°ç§éùè¨"),
    "Q": _charset("@[\\]^`{|}~", "àâçêîôéùèû"),
    "K": _charset("@[\\]{|}~", "§ÄÖÜäöüß"),
    "Y": _charset("#@[\\]`{|}~", "£§°çéùàòèì"),
    "E": _NORWEGIAN,
    "6": _NORWEGIAN,
    "Z": _charset("#@[\\]{|}", "£§¡Ñ¿°ñç"),
    "H": _SWEDISH,
    "7": _SWEDISH,
    "=": _charset("#@[\\]^_`{|}~", "ùàéçêîèôäöüû"),
}
"""By the last character of the sequence that selects them; ``None`` is ASCII itself."""

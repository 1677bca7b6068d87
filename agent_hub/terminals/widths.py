"""How many columns a character takes, as xterm.js counts them.

JupyterLab loads no Unicode add-on, so xterm.js goes by its own Unicode 6 table, in which emoji are one column wide. A
newer table here would put the cursor elsewhere than the browser has it: so this is that table, and no library's.
"""

from __future__ import annotations

import re

_ZERO = """
    300-36F 483-486 488-489 591-5BD 5BF 5C1-5C2 5C4-5C5 5C7 600-603 610-615 64B-65E 670 6D6-6E4 6E7-6E8
    6EA-6ED 70F 711 730-74A 7A6-7B0 7EB-7F3 901-902 93C 941-948 94D 951-954 962-963 981 9BC 9C1-9C4 9CD
    9E2-9E3 A01-A02 A3C A41-A42 A47-A48 A4B-A4D A70-A71 A81-A82 ABC AC1-AC5 AC7-AC8 ACD AE2-AE3 B01 B3C B3F
    B41-B43 B4D B56 B82 BC0 BCD C3E-C40 C46-C48 C4A-C4D C55-C56 CBC CBF CC6 CCC-CCD CE2-CE3 D41-D43 D4D DCA
    DD2-DD4 DD6 E31 E34-E3A E47-E4E EB1 EB4-EB9 EBB-EBC EC8-ECD F18-F19 F35 F37 F39 F71-F7E F80-F84 F86-F87
    F90-F97 F99-FBC FC6 102D-1030 1032 1036-1037 1039 1058-1059 1160-11FF 135F 1712-1714 1732-1734 1752-1753
    1772-1773 17B4-17B5 17B7-17BD 17C6 17C9-17D3 17DD 180B-180D 18A9 1920-1922 1927-1928 1932 1939-193B
    1A17-1A18 1B00-1B03 1B34 1B36-1B3A 1B3C 1B42 1B6B-1B73 1DC0-1DCA 1DFE-1DFF 200B-200F 202A-202E 2060-2063
    206A-206F 20D0-20EF 302A-302F 3099-309A A806 A80B A825-A826 FB1E FE00-FE0F FE20-FE23 FEFF FFF9-FFFB
    10A01-10A03 10A05-10A06 10A0C-10A0F 10A38-10A3A 10A3F 1D167-1D169 1D173-1D182 1D185-1D18B 1D1AA-1D1AD
    1D242-1D244 E0001 E0020-E007F E0100-E01EF
"""
_WIDE = """
    1100-115F 2329 232A 2E80-303E 3040-A4CF AC00-D7A3 F900-FAFF FE10-FE19 FE30-FE6F FF00-FF60 FFE0-FFE6
    20000-2FFFD 30000-3FFFD
"""


def _character_class(ranges: str) -> str:
    ends = (part.split("-") for part in ranges.split())
    return "".join(f"{chr(int(first, 16))}-{chr(int((last or [first])[-1], 16))}" for first, *last in ends)


_ZERO_CLASS = _character_class(_ZERO)
_WIDE_CLASS = f"(?![{_ZERO_CLASS}])[{_character_class(_WIDE)}]"

ODD = re.compile(f"[{_ZERO_CLASS}{_character_class(_WIDE)}]")
"""Finds what does not take one column."""

RUNS = re.compile(f"([{_ZERO_CLASS}]+)|((?:{_WIDE_CLASS})+)|([^{_ZERO_CLASS}{_character_class(_WIDE)}]+)")
"""Cuts text into what takes no column (group 1), two (group 2), one (group 3)."""

_IS_ZERO = re.compile(f"[{_ZERO_CLASS}]")


def width(character: str) -> int:
    """Columns of a printable character."""
    if ODD.match(character) is None:
        return 1
    return 0 if _IS_ZERO.match(character) else 2

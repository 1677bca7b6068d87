"""The control functions that xterm.js knows, each by what a program writes to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from agent_hub.terminals.controls import cursor, editing, switching
from agent_hub.terminals.controls.commands import COMMANDS
from agent_hub.terminals.controls.escapes import DRAWING_ESCAPES, ESCAPES

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator

__all__ = ["COMMANDS", "CONTROLS", "DRAWING_ESCAPES", "ESCAPES", "MODE_CONTROLS"]

Control = Callable[["Emulator", str], None]

CONTROLS: Mapping[str, Control] = {
    "@": editing.insert_cells,
    " @": editing.scroll_left,
    "A": cursor.up,
    " A": editing.scroll_right,
    "B": cursor.down,
    "C": cursor.right,
    "D": cursor.left,
    "E": cursor.next_line,
    "F": cursor.previous_line,
    "G": cursor.column,
    "H": cursor.position,
    "I": cursor.tab,
    "J": editing.erase_display,
    "?J": editing.erase_unprotected_display,
    "K": editing.erase_line,
    "?K": editing.erase_unprotected_line,
    "L": editing.insert_lines,
    "M": editing.delete_lines,
    "P": editing.delete_cells,
    "S": editing.scroll_up,
    "T": editing.scroll_down,
    "X": editing.erase_cells,
    "Z": cursor.back_tab,
    "`": cursor.column,
    "a": cursor.right,
    "b": editing.repeat,
    "d": cursor.row,
    "e": cursor.rows_down,
    "f": cursor.position,
    "g": cursor.clear_tab,
    "h": switching.set_mode,
    "?h": switching.set_private,
    "l": switching.reset_mode,
    "?l": switching.reset_private,
    ">m": switching.set_key_resource,
    "!p": switching.soft_reset,
    " q": switching.set_cursor_style,
    '"q': switching.protect,
    "r": switching.set_region,
    "s": switching.save_cursor,
    "u": switching.restore_cursor,
    ">u": switching.push_keyboard,
    "<u": switching.pop_keyboard,
    "=u": switching.change_keyboard,
    "'}": editing.insert_columns,
    "'~": editing.delete_columns,
}

MODE_CONTROLS = frozenset(
    {"h", "?h", "l", "?l", "m", ">m", "!p", " q", '"q', "r", "s", "u", ">u", "<u", "=u"},
)
"""Those that say how things are drawn or sent, and draw nothing."""

"""What a program has switched on in its terminal that is not drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

ALTERNATE_SCREENS = frozenset({47, 1047, 1049})
MOUSE_PROTOCOLS = frozenset({9, 1000, 1002, 1003})
MOUSE_ENCODINGS = frozenset({1006, 1016})
ORIGIN, WRAPAROUND, BLINK, CURSOR, REVERSE_WRAPAROUND, KEYPAD = 6, 7, 12, 25, 45, 66
SYNCHRONIZED = 2026

_SOFT_RESET = (1, ORIGIN, REVERSE_WRAPAROUND, KEYPAD, 1004, 2004)
_ON_AT_START = frozenset({WRAPAROUND, CURSOR})
_NOT_REPEATED = frozenset({BLINK, SYNCHRONIZED})
_MOST_MODES = 64
_MOST_KEYBOARDS = 16
_MOST_KEY_RESOURCES = 8


@dataclass
class Keyboard:
    """The keyboard protocol's flags on one screen: what is in force last, below it what to come back to."""

    flags: list[int] = field(default_factory=lambda: [0])

    def push(self, flags: int) -> None:
        self.flags.append(flags)
        del self.flags[:-_MOST_KEYBOARDS]

    def pop(self, count: int) -> None:
        del self.flags[-max(1, count) :]
        if not self.flags:
            self.flags = [0]

    def change(self, flags: int, how: int) -> None:
        current = self.flags[-1]
        if how == 2:
            flags |= current
        elif how == 3:
            flags = current & ~flags
        self.flags[-1] = flags

    def sequence(self) -> str:
        """What brings a terminal that was just reset to these flags."""
        base = f"\x1b[={self.flags[0]}u" if self.flags[0] else ""
        return base + "".join(f"\x1b[>{flags}u" for flags in self.flags[1:])

    def undo(self) -> str:
        """What brings a terminal with these flags back to none."""
        pop = f"\x1b[<{len(self.flags) - 1}u" if len(self.flags) > 1 else ""
        return pop + ("\x1b[=0u" if self.flags[0] else "")


@dataclass
class Switches:
    """Modes, the mouse, the keyboard's protocols, the look of the cursor."""

    modes: dict[int, bool] = field(default_factory=dict)
    """Private modes, by their number, as far as they were set or reset; not those that have a field of their own."""
    insert: bool = False
    newline: bool = False
    mouse: int = 0
    mouse_encoding: int = 0
    cursor_style: int = 0
    """As DECSCUSR has it; 0 where the program left it alone."""
    keyboard: Keyboard = field(default_factory=Keyboard)
    alternate_keyboard: Keyboard = field(default_factory=Keyboard)
    key_resources: dict[int, str] = field(default_factory=dict)

    def copy(self) -> Switches:
        """A second one that goes its own way."""
        return replace(
            self,
            modes=dict(self.modes),
            keyboard=Keyboard(list(self.keyboard.flags)),
            alternate_keyboard=Keyboard(list(self.alternate_keyboard.flags)),
            key_resources=dict(self.key_resources),
        )

    def on(self, mode: int) -> bool:
        """Whether a private mode is on."""
        return self.modes.get(mode, mode in _ON_AT_START)

    def set(self, mode: int, on: bool) -> None:
        """Switch a private mode."""
        if mode in MOUSE_PROTOCOLS:
            self.mouse = mode if on else 0
        elif mode in MOUSE_ENCODINGS:
            self.mouse_encoding = mode if on else 0
        elif mode == BLINK and self.cursor_style:
            self.cursor_style = (self.cursor_style + 1) // 2 * 2 - on
        elif mode in self.modes or len(self.modes) < _MOST_MODES:
            self.modes[mode] = on

    def set_cursor(self, style: int) -> None:
        """Change the look of the cursor (DECSCUSR)."""
        style = style or 1
        if style <= 6:
            self.cursor_style = style
            self.modes.pop(BLINK, None)
        else:
            self.set(BLINK, style % 2 == 1)

    def set_key_resource(self, resource: int, value: str) -> None:
        """Change how modified keys are sent (XTMODKEYS)."""
        if value and resource < _MOST_KEY_RESOURCES:
            self.key_resources[resource] = value
        else:
            self.key_resources.pop(resource, None)

    def soft_reset(self) -> None:
        """DECSTR: what programs draw with is reset, the mouse is not."""
        for mode in (*_SOFT_RESET, WRAPAROUND, CURSOR):
            self.modes.pop(mode, None)
        self.insert = False
        self.keyboard, self.alternate_keyboard = Keyboard(), Keyboard()
        self.key_resources.clear()

    def reset(self) -> None:
        """RIS: xterm.js keeps whether the cursor shows, how it looks, and what a line feed does."""
        kept = {mode: self.modes[mode] for mode in (CURSOR, BLINK) if mode in self.modes}
        self.soft_reset()
        self.modes = kept
        self.mouse = self.mouse_encoding = 0

    def sequence(self) -> str:
        """What brings a terminal that was just reset into this state; without the keyboard's flags, and what moves."""
        parts = [f"\x1b[?{CURSOR}{'h' if self.on(CURSOR) else 'l'}"]
        parts += [f"\x1b[?{mode}{'h' if on else 'l'}" for mode, on in self._changed() if mode not in (ORIGIN, CURSOR)]
        parts += [f"\x1b[?{mode}h" for mode in (self.mouse, self.mouse_encoding) if mode]
        parts += [f"\x1b[>{resource};{value}m" for resource, value in self.key_resources.items()]
        if self.cursor_style:
            parts.append(f"\x1b[{self.cursor_style} q")
        elif BLINK in self.modes:
            parts.append(f"\x1b[?{BLINK}{'h' if self.modes[BLINK] else 'l'}")
        parts.append(f"\x1b[20{'h' if self.newline else 'l'}")
        if self.insert:
            parts.append("\x1b[4h")
        return "".join(parts)

    def undo(self) -> str:
        """What brings a terminal in this state back to how a shell expects it; without the keyboard's flags."""
        parts = [f"\x1b[?{mode}{'l' if on else 'h'}" for mode, on in self._changed()]
        parts += [f"\x1b[?{mode}l" for mode in (self.mouse, self.mouse_encoding) if mode]
        parts += [f"\x1b[>{resource}m" for resource in self.key_resources]
        if self.cursor_style:
            parts.append("\x1b[0 q")
        if self.newline:
            parts.append("\x1b[20l")
        if self.insert:
            parts.append("\x1b[4l")
        return "".join(parts)

    def _changed(self) -> list[tuple[int, bool]]:
        return [
            (mode, on) for mode, on in self.modes.items() if on != (mode in _ON_AT_START) and mode not in _NOT_REPEATED
        ]

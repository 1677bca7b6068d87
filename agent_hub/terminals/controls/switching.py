"""Control sequences that say how things are drawn, shown and sent from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_hub.terminals.controls.parameters import count, numbers
from agent_hub.terminals.switches import ALTERNATE_SCREENS, ORIGIN

if TYPE_CHECKING:
    from agent_hub.terminals.emulator import Emulator


def set_region(screen: Emulator, parameters: str) -> None:
    top, bottom, *_ = (*numbers(parameters), 0)
    if not 0 < bottom <= screen.rows:
        bottom = screen.rows
    top = top or 1
    if bottom > top:
        screen.buffer.top, screen.buffer.bottom = top - 1, bottom - 1
        screen.move_to(0, 0)


def set_private(screen: Emulator, parameters: str) -> None:
    _switch_private(screen, parameters, True)


def reset_private(screen: Emulator, parameters: str) -> None:
    _switch_private(screen, parameters, False)


def _switch_private(screen: Emulator, parameters: str, on: bool) -> None:
    for mode in numbers(parameters):
        if mode in ALTERNATE_SCREENS or mode == 1048:
            _switch_screen(screen, mode, on)
        elif mode == 2:
            for level in range(4) if on else ():
                screen.designate(level, "B")
        else:
            screen.switches.set(mode, on)
            screen.read_switches()
            if mode == ORIGIN:
                screen.move_to(0, 0)


def _switch_screen(screen: Emulator, mode: int, on: bool) -> None:
    if on:
        if mode in (1048, 1049):
            screen.save_cursor()
        if mode != 1048:
            screen.show_alternate()
    else:
        if mode != 1048:
            screen.show_main()
        if mode in (1048, 1049):
            screen.restore_cursor()


def set_mode(screen: Emulator, parameters: str) -> None:
    _switch_mode(screen, parameters, True)


def reset_mode(screen: Emulator, parameters: str) -> None:
    _switch_mode(screen, parameters, False)


def _switch_mode(screen: Emulator, parameters: str, on: bool) -> None:
    for mode in numbers(parameters):
        if mode == 4:
            screen.switches.insert = on
        elif mode == 20:
            screen.switches.newline = on
    screen.read_switches()


def set_cursor_style(screen: Emulator, parameters: str) -> None:
    screen.switches.set_cursor(numbers(parameters)[0])


def protect(screen: Emulator, parameters: str) -> None:
    what = numbers(parameters)[0]
    if what <= 2:
        screen.draw_in(screen.style.protected(what == 1))


def push_keyboard(screen: Emulator, parameters: str) -> None:
    screen.keyboard.push(numbers(parameters)[0])


def pop_keyboard(screen: Emulator, parameters: str) -> None:
    screen.keyboard.pop(count(parameters))


def change_keyboard(screen: Emulator, parameters: str) -> None:
    flags, how, *_ = (*numbers(parameters), 1)
    screen.keyboard.change(flags, how)


def set_key_resource(screen: Emulator, parameters: str) -> None:
    resource, *values = numbers(parameters)
    screen.switches.set_key_resource(resource, str(values[0]) if values and values[0] else "")


def save_cursor(screen: Emulator, parameters: str) -> None:
    screen.save_cursor()


def restore_cursor(screen: Emulator, parameters: str) -> None:
    screen.restore_cursor()


def soft_reset(screen: Emulator, parameters: str) -> None:
    screen.soft_reset()

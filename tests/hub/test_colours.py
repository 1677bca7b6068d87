"""The colours of people's screens, as a hub keeps them."""

from __future__ import annotations

from pathlib import Path

from agent_hub.hub.colours import Colours
from agent_hub.hub.store import Store
from agent_hub.models import TerminalColours

DARK = TerminalColours(foreground="#ffffff", background="#111111")
LIGHT = TerminalColours(foreground="#000000", background="#ffffff")


async def test_the_colours_that_were_told_last_are_the_next_hub_s_and_are_news_once(tmp_path: Path) -> None:
    changes: list[TerminalColours | None] = []
    store = Store(tmp_path)
    colours = Colours(store, lambda: changes.append(colours.palette.colours))
    assert colours.palette.colours is None
    for told in (DARK, LIGHT, LIGHT):
        await colours.tell(told)
    assert changes == [DARK, LIGHT]
    store.close()

    after = Store(tmp_path)
    colours = Colours(after, lambda: changes.append(colours.palette.colours))
    await colours.tell(LIGHT)
    assert colours.palette.colours == LIGHT and len(changes) == 2
    after.close()

"""The colours of people's screens, as a hub keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_hub.errors import StorageFull
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


async def test_colours_that_could_not_be_kept_are_kept_once_they_are_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    colours = Colours(store, lambda: None)

    async def full(key: str, value: str) -> None:
        raise StorageFull("No room.")

    with monkeypatch.context() as patched:
        patched.setattr(store, "note", full)
        with pytest.raises(StorageFull):
            await colours.tell(LIGHT)
    assert colours.palette.colours == LIGHT
    await colours.tell(LIGHT)
    store.close()
    after = Store(tmp_path)
    assert Colours(after, lambda: None).palette.colours == LIGHT
    after.close()

"""The pictures of the pages: each is of a scene, in both themes, told in words, and small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from tests.docs.pages import pages
from tests.docs.pictures import IMAGES, SCENES, THEMES

MOST_BYTES = 2_000_000


def shown() -> Iterator[tuple[Path, str]]:
    """Each picture that a page shows, and what is said in its place."""
    for page in pages():
        for token in MarkdownIt().parse(page.read_text()):
            for child in token.children or ():
                if child.type == "image":
                    yield page.parent / str(child.attrs["src"]), child.content


def test_every_scene_is_shown_in_words_as_well() -> None:
    assert {path.resolve() for path, _ in shown()} == {IMAGES / f"{name}.png" for name in SCENES}
    assert all(len(words.split()) > 5 for _, words in shown())


def test_every_picture_is_there_in_both_themes_and_small() -> None:
    there = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    assert there.keys() == {f"{name}{ending}.png" for name in SCENES for ending in THEMES}
    assert sum(there.values()) < MOST_BYTES

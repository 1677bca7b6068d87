"""What the pages for people show as code: the README, how to contribute, and the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """A fenced block, and where it is."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(*languages: str) -> Iterator[Block]:
    """The blocks in those languages, page by page."""
    for page in pages():
        for token in MarkdownIt().parse(page.read_text()):
            if token.type == "fence" and token.info.strip() in languages:
                assert token.map is not None
                yield Block(page, token.map[0] + 1, token.info.strip(), token.content)

"""Markdown of an agent's as HTML that does nothing: no tags of its own, no pictures, no addresses but the web's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent_hub.notebook.display import Markup
from agent_hub.notebook.plain import head, visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MOST_CHARACTERS = 20_000
"""Rendered of one text: a page with more of them is slow, and nobody reads them there."""

SCHEMES = ("http", "https", "mailto")


def to_html(text: str) -> Markup:
    """Markdown as HTML."""
    return Markup(_parser().render(visible(head(text, MOST_CHARACTERS)), {}))


@cache
def _parser() -> MarkdownIt:
    # Here, not above: it is imported when the first text is shown.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # The person's browser would ask for a picture with all the person's rights, as of a server in the same network.
    parser.disable(["image", "html_block", "html_inline"])
    # An address that is no link any more still has its text: the rule below decides.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    return parser


def _link_open(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    address = str(tokens[index].attrs.get("href", ""))
    known = _is_known(address)
    env.setdefault("links", []).append(known)
    if not known:
        return f'<span title="{escape(address)}">'
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">'


def _link_close(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</a>" if env["links"].pop() else "</span>"


def _is_known(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme.lower() in SCHEMES and bool(parts.netloc or parts.scheme.lower() == "mailto")

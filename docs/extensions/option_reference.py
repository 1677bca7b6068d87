"""``{hub-options}``: every option of the server, from the traits of its application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from traitlets import TraitType

from agent_hub.server.app import AgentHub


class HubOptions(SphinxDirective):
    """Takes the place of itself with the reference."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(reference()), allow_section_headings=True)


def reference() -> Iterator[str]:
    """The lines of the reference, in Markdown."""
    for name, trait in sorted(AgentHub.class_own_traits(config=True).items()):
        yield from (
            f"## `--AgentHub.{name}`",
            "",
            f"*{trait.info()}*, by default {_default(trait)}",
            "",
            " ".join(str(trait.help).split()),
            "",
        )


def _default(trait: TraitType[object, object]) -> str:
    default = trait.default()
    return "empty." if default in (None, "", []) else f"`{default!r}`."


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("hub-options", HubOptions)
    return {"parallel_read_safe": True}

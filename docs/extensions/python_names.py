"""Leads names of the library to their place in the reference, wherever they are defined: ``Chat.send``."""

from __future__ import annotations

from itertools import dropwhile

from docutils.nodes import Element, TextElement
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import ExtensionMetadata


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement) -> Element | None:
    """The one object whose name ends as what is looked for, without the modules before it."""
    if node.get("refdomain") != "py":
        return None
    name = ".".join(dropwhile(lambda part: not part[:1].isupper(), node["reftarget"].split(".")))
    known = env.domains.python_domain.objects
    found = [full for full in known if name and full.endswith(f".{name}")]
    if len(found) != 1:
        return None
    entry = known[found[0]]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, found[0])


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True}

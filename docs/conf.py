"""How the documentation is built: ``sphinx-build -n -W docs .tools/docs``."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "Agent Hub"
copyright = "Agent Hub contributors"
version = release = version_of("agent-hub")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "click_reference",
    "command_reference",
    "dark_pictures",
    "option_reference",
    "python_names",
    "rest_reference",
]
exclude_patterns = ["extensions"]

# What a heading is linked to by is what GitHub makes of it, so that the pages can be read there as well.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "fieldlist"]

# The library's type variables, and what it only names for type checkers, have no page of their own.
nitpick_ignore_regex = [
    ("py:class", r"(?!agent_hub\.(errors|Hub|AsyncHub|Pickle)).*"),
    ("py:meth", r"str\.format"),
    ("py:mod", r"agent_hub\.server\..*"),
]
autodoc_default_options = {"members": True, "inherited-members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
add_module_names = False
numpydoc_show_class_members = False

copybutton_exclude = ".linenos, .gp, .go"

html_theme = "pydata_sphinx_theme"
html_title = "Agent Hub"
html_theme_options = {
    "show_prev_next": True,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"performance": [], "architecture": [], "security": []}
html_show_sourcelink = False

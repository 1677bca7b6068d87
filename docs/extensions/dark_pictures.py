"""Shows a picture in the theme of the page: ``panel.png`` in the light one, ``panel-dark.png`` in the dark one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata


class DarkPictures(SphinxTransform):
    """Puts the dark picture after each that has one. A page itself names the light one alone, as GitHub shows it."""

    # Before Sphinx collects what has to be copied.
    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        folder = Path(self.env.doc2path(self.env.docname)).parent
        for picture in list(self.document.findall(nodes.image)):
            path = Path(picture["uri"])
            name = path.with_name(f"{path.stem}-dark{path.suffix}")
            if (folder / name).is_file():
                dark = picture.deepcopy()
                dark["uri"] = str(name)
                picture["classes"].append("only-light")
                dark["classes"].append("only-dark")
                picture.parent.insert(picture.parent.index(picture) + 1, dark)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_transform(DarkPictures)
    return {"parallel_read_safe": True}

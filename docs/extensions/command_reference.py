"""``{command-help} PROGRAM…``: what a command says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

ROOT = Path(__file__).parents[2]


class CommandHelp(SphinxDirective):
    """The command's output, as it is on a screen."""

    required_arguments: ClassVar[int] = 1
    final_argument_whitespace: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        command = self.arguments[0].split()
        # The commands of this checkout, and of the environment that this runs in.
        places = [ROOT / "container" / "bin", Path(sys.executable).parent, *os.get_exec_path()]
        env = os.environ | {"PATH": os.pathsep.join(map(str, places)), "COLUMNS": "100", "NO_COLOR": "1"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise self.severe(f"{self.arguments[0]} ended with {done.returncode}: {done.stderr}")
        text = f"$ {self.arguments[0]}\n{done.stdout}"
        return [nodes.literal_block(text, text, language="console")]


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}

"""One output of a notebook that is replaced as time goes on.

It is made of HTML alone: it needs no widgets in the front end, and a saved notebook shows how it ended.
"""

from __future__ import annotations

import sys
from typing import Any


class Output:
    """An output that appears when it is first shown, and is the same one from then on, whatever cell runs."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._handle: Any = None

    def show(self, bundle: dict[str, str]) -> None:
        """Show a bundle of MIME types in place of the last one."""
        from IPython.display import display

        if bundle == self._last:
            return
        self._last = bundle
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def in_a_kernel() -> bool:
    """Whether there is a notebook to show something in, rather than a terminal or a script."""
    # Only a running shell has imported IPython, and importing it to ask would take longer than the question is worth.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None

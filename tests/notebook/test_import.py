from __future__ import annotations

import subprocess
import sys

HEAVY = (
    *("httpx", "pydantic", "ipywidgets", "jupyter_server", "tornado", "docker", "websocket"),
    *("IPython", "matplotlib", "numpy", "pandas", "polars", "pyarrow"),
)


def test_importing_hub_loads_nothing_heavy():
    # How long it takes is measured by tests/bench.
    code = (
        f"import sys; from agent_hub import AsyncHub, Hub; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split() == []


def test_the_library_needs_no_server_code():
    code = "import sys, agent_hub.models, agent_hub.notebook.transport; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split()
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("agent_hub.")}
    assert ours == {"agent_hub.notebook", "agent_hub.models", "agent_hub.errors", "agent_hub.tracebacks"}

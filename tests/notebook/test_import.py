from __future__ import annotations

import statistics
import subprocess
import sys
import time

HEAVY = (
    *("httpx", "pydantic", "ipywidgets", "jupyter_server", "tornado", "docker", "websocket"),
    *("IPython", "matplotlib", "numpy", "pandas", "polars", "pyarrow"),
)


def seconds(code: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    return time.perf_counter() - begun


def test_importing_hub_takes_less_than_150_ms():
    pairs = [(seconds("from agent_hub import Hub"), seconds("pass")) for _ in range(5)]
    assert statistics.median(imported - empty for imported, empty in pairs) < 0.150


def test_importing_hub_loads_nothing_heavy():
    code = (
        f"import sys; from agent_hub import AsyncHub, Hub; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split() == []


def test_the_library_needs_no_server_code():
    code = "import sys, agent_hub.models, agent_hub.notebook.transport; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split()
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("agent_hub.")}
    assert ours == {"agent_hub.notebook", "agent_hub.models", "agent_hub.errors"}

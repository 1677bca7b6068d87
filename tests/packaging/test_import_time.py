from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7


def seconds(code: str) -> float:
    """Median time of an interpreter that runs the code."""
    measured = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
        measured.append(time.perf_counter() - start)
    return statistics.median(measured)


def test_importing_the_package_costs_little_beside_an_empty_interpreter() -> None:
    assert seconds("import agent_hub") < 2 * seconds("pass")

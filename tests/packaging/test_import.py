from __future__ import annotations

import json
import subprocess
import sys

# What an interpreter loads for the import, beside what it loads anyway. Modules and not seconds:
# every tool of a chat and every kernel pays for them, and a busy machine does not change them.
CODE = """
import json, sys
before = set(sys.modules)
import agent_hub
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_importing_the_package_loads_no_other_module() -> None:
    loaded = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True, timeout=60).stdout
    assert json.loads(loaded) == ["__future__", "agent_hub"]

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import agent_hub

ROOT = Path(__file__).parents[2]


def test_the_package_has_the_front_ends_version() -> None:
    front_end = json.loads((ROOT / "labextension" / "package.json").read_text())
    assert version("agent-hub") == front_end["version"]


def test_the_front_end_has_the_name_that_jupyter_is_told() -> None:
    front_end = json.loads((ROOT / "labextension" / "package.json").read_text())
    assert agent_hub._jupyter_labextension_paths() == [{"src": "labextension", "dest": front_end["name"]}]


def test_the_server_extension_is_an_application_of_this_package() -> None:
    (point,) = agent_hub._jupyter_server_extension_points()
    assert (point["module"], point["app"].__name__) == ("agent_hub", "AgentHub")


def test_the_command_starts_the_application() -> None:
    (command,) = entry_points(group="console_scripts", name="agent_hub")
    assert command.value == "agent_hub.server.app:main"
    assert callable(command.load())


def test_hub_is_the_notebooks_hub() -> None:
    from agent_hub.notebook.client import Hub

    assert agent_hub.Hub is Hub


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import agent_hub, sys; print(*sorted(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.split()
    heavy = {"docker", "httpx", "jupyter_server", "pydantic", "tornado"}
    assert heavy.isdisjoint(loaded)
    assert [name for name in loaded if name.startswith("agent_hub.")] == []


def test_hub_loads_nothing_of_the_server() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "from agent_hub import Hub; import sys; print(*sorted(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.split()
    rooms = ("agent_hub.server", "agent_hub.hub", "agent_hub.engines", "agent_hub.gateway", "agent_hub.terminals")
    assert not [name for name in loaded if name.startswith(rooms) or name in ("docker", "jupyter_server")]

"""A person with a home, a hub's data directory and a configuration of their own, who uses ``agent_cli``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.containers import Container

from tests.hub.running import CACHE

COMMAND = Path(sys.executable).with_name("agent_cli")
LIMIT = 120.0


@dataclass(frozen=True)
class Person:
    """Where everything of theirs is."""

    folder: Path

    @property
    def data(self) -> Path:
        """The hub's data directory."""
        return self.folder / "data"

    @property
    def environment(self) -> Mapping[str, str]:
        """What their shell has."""
        folders = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "HOME": "home"}
        path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "AGENT_HUB_DATA_DIR": str(self.data)}
        return own | {name: str(self.folder / folder) for name, folder in folders.items()}

    def settle(self, **settings: object) -> None:
        """Make the folders; the hub's settings are in a configuration file of Jupyter's."""
        for name in ("data", "runtime", "config", "home"):
            (self.folder / name).mkdir(parents=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        # What is fetched once is the same for every hub.
        (self.data / "cache").symlink_to(CACHE)
        (self.folder / "config" / "jupyter_server_config.json").write_text(json.dumps({"AgentHub": settings}))

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command without a terminal, to its end."""
        return subprocess.run(
            [str(COMMAND), *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=os.environ | self.environment,
        )

    def ask(self, *arguments: str) -> object:
        """What a command that has to succeed answers, as JSON."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def containers(self, engine: docker.DockerClient, *, all: bool = True) -> list[Container]:
        """Containers of their chats, on the engine: those that see this folder."""
        found = engine.containers.list(all=all, filters={"label": "agent-hub.chat"}, ignore_removed=True)
        return [one for one in found if any(self._owns(mount) for mount in one.attrs["Mounts"])]

    def _owns(self, mount: Mapping[str, str]) -> bool:
        return Path(mount.get("Source", "/")).is_relative_to(self.folder)

    def ends_its_hub(self) -> None:
        """Wait until no hub is in the background any more."""
        deadline = time.monotonic() + LIMIT
        while list((self.folder / "runtime").glob("jpserver-*.json")):
            assert time.monotonic() < deadline, "the hub in the background does not end"
            time.sleep(0.05)

"""Commands of a person who is told of a server by the environment."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.cli.person import COMMAND
from tests.notebook.server import Server

LIMIT = 60


class Commands:
    """Runs ``agent_cli`` against a server."""

    def __init__(self, server: Server) -> None:
        self._environment = os.environ | server.environment | {"AGENT_HUB_URL": server.url}
        self._environment["AGENT_HUB_TOKEN"] = server.token

    def run(self, *arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [str(COMMAND), *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=self._environment | environment,
        )

    def ask(self, *arguments: str, typed: str = "") -> Any:
        """What a command that has to succeed answers as JSON."""
        command, *rest = arguments
        done = self.run(command, "--json", *rest, typed=typed)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

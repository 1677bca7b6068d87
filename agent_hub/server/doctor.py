"""``agent_hub doctor``: says what a hub lacks on this machine, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from jupyter_core.application import JupyterApp, NoStart
from jupyter_server.serverapp import ServerApp
from traitlets import Bool
from traitlets.config.application import catch_config_error

from agent_hub.doctor.checkup import Checkup
from agent_hub.doctor.machine import machine_findings
from agent_hub.errors import AgentHubError
from agent_hub.models.findings import Finding


def _is_well(found: list[Finding]) -> bool:
    return all(finding.state != "problem" for finding in found)


MARKS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


class Doctor(JupyterApp):
    """Look at what a hub needs: the engine, its network, GPUs, the data directory, the disk, Git."""

    name = "agent_hub-doctor"
    description = """Look at what a hub needs of this machine, and say what to do where something is not well.

    Takes the options of agent_hub itself (--AgentHub.…), and reads the same configuration files. Ends with 1 where
    there is a problem. Nothing is changed: a container that is made to try the network is removed again.
    """
    examples = "agent_hub doctor --AgentHub.data_dir=/data/hub"
    flags = {"json": ({"Doctor": {"as_json": True}}, "Print one JSON object.")}
    aliases = {"config": "JupyterApp.config_file"}

    as_json = Bool(False, help="Print one JSON object.").tag(config=True)

    def initialize(self, argv: Any = None) -> None:
        """Take the options of the command that it belongs to."""
        self.classes = [self._hub_class()]
        super().initialize(None if argv is None else self._about_a_hub(list(argv)))

    def _about_a_hub(self, argv: list[str]) -> list[str]:
        """Leave out the server's short options, which a hub is started with as well: they say nothing about it."""
        server = ServerApp()
        flags = {f"--{name}" for name in server.flags.keys() - self.flags.keys()} | {"-y"}
        valued = {f"--{name}" for name in server.aliases.keys() - self.aliases.keys()}
        kept, given = [], iter(argv)
        for argument in given:
            if argument in valued:
                next(given, None)
            elif argument not in flags and argument.split("=")[0] not in valued:
                kept.append(argument)
        return kept

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]
        """Read what the server reads."""
        for name in ("jupyter_config", "jupyter_server_config", "jupyter_agent_hub_config"):
            self.config_file_name = name
            super().load_config_file(suppress_errors)

    @catch_config_error
    def start(self) -> None:
        """Look, print, and end."""
        try:
            super().start()
        except NoStart:
            return
        found = asyncio.run(self._look())
        if self.as_json:
            told = {"ok": _is_well(found), "findings": [finding.model_dump() for finding in found]}
            print(json.dumps(told, indent=2))
        self.exit(0 if _is_well(found) else 1)

    async def _look(self) -> list[Finding]:
        found = []
        async for finding in self._findings():
            found.append(finding)
            if not self.as_json:
                self._print(finding)
        return found

    async def _findings(self) -> AsyncIterator[Finding]:
        hub = self._hub_class()(config=self.config)
        try:
            engine = hub.make_engine()
        except AgentHubError as error:
            yield Finding(subject="Engine", state="problem", message=error.message, remedy=error.hint)
            for finding in await asyncio.to_thread(lambda: list(machine_findings(hub.data_folder()))):
                yield finding
            return
        try:
            checkup = Checkup(engine, hub.data_folder(), hub.base_image, hub.gateway_port, hub.gateway_base_url)
            async for finding in checkup.findings():
                yield finding
        finally:
            await engine.close()

    def _hub_class(self) -> Any:
        # Its parent is the command that it belongs to, which has read no configuration.
        return type(self.parent)

    def _print(self, finding: Finding) -> None:
        print(f"{MARKS[finding.state]}  {finding.subject}: {finding.message}")
        if finding.remedy:
            print(f"         {finding.remedy}")
        sys.stdout.flush()

"""All that is looked at, in the order in which one thing rests on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from agent_hub.doctor.machine import machine_findings
from agent_hub.doctor.trial import gpu_finding, trial_findings
from agent_hub.engines.base import Engine
from agent_hub.errors import AgentHubError, InvalidMount
from agent_hub.models.findings import Finding


@dataclass(frozen=True)
class Checkup:
    """What a hub would use.

    Parameters
    ----------
    engine
        Where chats run.
    data_dir
        Its folder.
    base_image
        Of projects that name none; a container of it is tried first.
    gateway_port, gateway_base_url
        The options of these names.
    """

    engine: Engine
    data_dir: Path
    base_image: str
    gateway_port: int = 0
    gateway_base_url: str = ""

    async def findings(self) -> AsyncIterator[Finding]:
        """Look at one thing after the other."""
        status = await self.engine.status()
        for finding in await self.engine.findings():
            yield finding
        for finding in await asyncio.to_thread(lambda: list(machine_findings(self.data_dir))):
            yield finding
        if not status.reachable or not self.engine.isolated:
            return
        try:
            self.engine.host_path(str(self.data_dir))
        except InvalidMount as error:
            yield Finding(subject="Own container", state="problem", message=error.message, remedy=error.hint)
        try:
            image = await self.engine.some_image(self.base_image)
            if image:
                async for finding in trial_findings(self.engine, image, self.gateway_port, self.gateway_base_url):
                    yield finding
            else:
                yield Finding(
                    subject="Callback",
                    state="warning",
                    message="Not tried: the engine has no image yet to make a container of.",
                    remedy=f"Fetch one (docker pull {self.base_image}), and look again.",
                )
            yield await gpu_finding(self.engine, image)
        except AgentHubError as error:
            yield Finding(subject="Engine", state="problem", message=error.message, remedy=error.hint)

"""The agent layer on a base: what a snapshot is made on, and where Codex signs a person in."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent_hub.agents.codex_binary import CODEX_VERSION, has_codex
from agent_hub.agents.layer import stage_layer
from agent_hub.engines.base import BuildSpec, Engine, Image, LogSink
from agent_hub.errors import BuildError


def inputs_hash(inputs: Mapping[str, str]) -> str:
    """The tag of an image of the hub's: 16 hexadecimal digits over all of its inputs."""
    return hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class AgentImage:
    """An agent layer that can be built.

    Parameters
    ----------
    context
        The folder that it is built from.
    inputs
        What it is made from, beside the base.
    ref
        The image's name, which says all of that.
    was_here
        Whether the agent's program had to be fetched.
    """

    context: Path
    inputs: Mapping[str, str]
    ref: str
    was_here: bool

    async def build(self, engine: Engine, base_ref: str, on_line: LogSink) -> None:
        """Build it on that base."""
        args = {"BASE": base_ref, "UID": str(os.getuid()), "GID": str(os.getgid())}
        await engine.build(BuildSpec(self.ref, self.context, args=args), on_line)


async def fetch_base(engine: Engine, tag: str, force: bool, on_line: LogSink) -> tuple[Image, bool]:
    """The image of a tag, fetched where the engine has none, or anew; and whether it was there already."""
    image = await engine.image(tag)
    if image is not None and not force:
        return image, True
    try:
        return await engine.pull(tag, on_line), False
    except BuildError:
        if image is None:
            raise
        on_line(f"{tag} could not be fetched anew; the one that is here is used.")
        return image, True


async def stage_agent_image(context: Path, cache: Path, base: str, on_line: LogSink) -> AgentImage:
    """Make ready what the agent layer is built from, on a base of that identity."""
    was_here = await asyncio.to_thread(has_codex, cache)
    inputs = {
        "layer": await stage_layer(context, cache, on_line),
        "codex": CODEX_VERSION,
        "user": f"{os.getuid()}:{os.getgid()}",
    }
    return AgentImage(context, inputs, f"agent-hub/agent:{inputs_hash({'base': base, **inputs})}", was_here)

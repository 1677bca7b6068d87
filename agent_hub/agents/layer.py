"""The build context of the agent layer: what every image of a chat has on top of its base."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from agent_hub.agents.codex_binary import BINARIES, CODEX_VERSION, codex_binary

FOLDERS = ("bin", "image")
"""Folders of ``container/`` that the Dockerfile copies from."""


def container_folder() -> Path:
    """The ``container/`` folder: inside the package where it is installed, beside it in a source checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "container"
    return installed if (installed / "Dockerfile").is_file() else package.parent / "container"


async def layer_hash() -> str:
    """Hash over what the layer is made from; of the agent's program it takes the version, not the 300 MB."""
    return await asyncio.to_thread(_hash)


async def stage_layer(folder: Path, cache: Path, on_line: Callable[[str], None]) -> str:
    """Make `folder` the layer's build context, and give the layer's hash.

    Raises
    ------
    AgentUnavailable
        The agent's program cannot be had.
    """
    binary = await codex_binary(cache, on_line)
    await asyncio.to_thread(_stage, folder, binary)
    return await layer_hash()


def _files() -> list[Path]:
    source = container_folder()
    return [source / "Dockerfile", *sorted(path for name in FOLDERS for path in (source / name).iterdir())]


def _hash() -> str:
    source = container_folder()
    digest = hashlib.sha256(f"codex {os.environ.get('AGENT_HUB_CODEX', '') or CODEX_VERSION}\n".encode())
    for path in _files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(source).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _stage(folder: Path, binary: Path) -> None:
    source = container_folder()
    for path in _files():
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        # A wheel does not keep the executable bit.
        target.chmod(0o755 if path.parent != source else 0o644)
    _link(binary, folder / "bin" / "codex")
    for name in BINARIES.values():
        companion = binary.parent / name
        if name != "codex" and companion.is_file():
            _link(companion, folder / "bin" / name)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy2(source, target)

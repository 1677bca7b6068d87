"""Codex's static binary, fetched once per version."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from agent_hub.errors import AgentUnavailable

CODEX_VERSION = "0.169.0"
"""The one version of Codex that this hub is tested with."""

BINARIES = {"bin/codex": "codex", "bin/codex-code-mode-host": "codex-code-mode-host", "codex-path/rg": "rg"}
"""What is taken from the package, by its path under ``package/vendor/<triple>``, and what it is called here."""

_PLATFORMS = {
    "x86_64": ("linux-x64", "x86_64-unknown-linux-musl"),
    "amd64": ("linux-x64", "x86_64-unknown-linux-musl"),
    "aarch64": ("linux-arm64", "aarch64-unknown-linux-musl"),
    "arm64": ("linux-arm64", "aarch64-unknown-linux-musl"),
}


async def codex_binary(cache: Path, on_line: Callable[[str], None]) -> Path:
    """Path of the ``codex`` binary, with the programs that it starts beside it, as far as they are there.

    ``AGENT_HUB_CODEX`` names a binary to use instead; else it is ``<cache>/codex/<version>/codex``, fetched by npm.

    Raises
    ------
    AgentUnavailable
        There is no binary and npm cannot fetch it.
    """
    own = os.environ.get("AGENT_HUB_CODEX", "")
    if own:
        if not os.access(own, os.X_OK):
            raise AgentUnavailable(
                f"AGENT_HUB_CODEX is {own}, which is not a program.",
                f"Point it at a static codex {CODEX_VERSION} binary, or unset it.",
            )
        return Path(own)
    folder = cache / "codex" / CODEX_VERSION
    binary = folder / "codex"
    if not await asyncio.to_thread(binary.is_file):
        await _fetch(folder, on_line)
    return binary


def has_codex(cache: Path) -> bool:
    """Whether the binary is there, and need not be fetched. Blocks."""
    return bool(os.environ.get("AGENT_HUB_CODEX")) or (cache / "codex" / CODEX_VERSION / "codex").is_file()


async def _fetch(folder: Path, on_line: Callable[[str], None]) -> None:
    try:
        package, triple = _PLATFORMS[platform.machine().lower()]
    except KeyError:
        raise AgentUnavailable(f"Codex has no binary for this machine ({platform.machine()}).", _hint(folder)) from None
    npm = shutil.which("npm")
    if npm is None:
        raise AgentUnavailable("Codex is not here yet, and there is no npm to fetch it with.", _hint(folder))
    await asyncio.to_thread(folder.parent.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as name:
        work = Path(name)
        on_line(f"Fetching Codex {CODEX_VERSION} (170 MB, once)")
        await _npm_pack(npm, f"@openai/codex@{CODEX_VERSION}-{package}", work, folder)
        on_line("Unpacking Codex")
        await asyncio.to_thread(_unpack, work, triple, folder)


async def _npm_pack(npm: str, package: str, work: Path, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        npm,
        "pack",
        "--ignore-scripts",
        package,
        cwd=work,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        tail = output.decode(errors="replace").strip().splitlines()[-5:]
        raise AgentUnavailable(
            f"npm could not fetch {package}.", _hint(folder), exit_code=process.returncode, tail=tail
        )


def _unpack(work: Path, triple: str, folder: Path) -> None:
    unpacked = work / "unpacked"
    unpacked.mkdir()
    wanted = {f"package/vendor/{triple}/{path}": name for path, name in BINARIES.items()}
    archive = next(work.glob("*.tgz"), None)
    if archive is None:
        raise AgentUnavailable("npm fetched no Codex package.", _hint(folder))
    try:
        # Members are read by name and written to names of ours: nothing in the archive chooses a path.
        with tarfile.open(archive) as members:
            for member in members:
                if member.isfile() and member.name in wanted:
                    source = members.extractfile(member)
                    assert source is not None, "a regular file has content"
                    target = unpacked / wanted[member.name]
                    with target.open("wb") as file:
                        shutil.copyfileobj(source, file, 2**20)
                    target.chmod(0o755)
    except (tarfile.TarError, EOFError) as error:
        raise AgentUnavailable(f"The Codex package is damaged: {error}.", "Try again.") from error
    if not (unpacked / "codex").is_file():
        raise AgentUnavailable("The Codex package has no codex binary.", _hint(folder))
    try:
        unpacked.rename(folder)
    except OSError:
        # Another hub with this cache may have come first; its copy is as good.
        if not (folder / "codex").is_file():
            raise


def _hint(folder: Path) -> str:
    return (
        f"Install Node.js with npm, or put a static codex {CODEX_VERSION} binary at {folder / 'codex'}, "
        "or name one in AGENT_HUB_CODEX."
    )

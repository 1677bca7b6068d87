"""Images where there is no container engine: folders with the agent layer's ``bin`` and ``seed``, and nothing else."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from agent_hub.engines.base import Image
from agent_hub.models import Model

PARTS = ("bin", "seed")
"""What an image has of ``/opt/agent-hub``."""


class ImageRecord(Model):
    """``image.json`` in an image's folder."""

    id: str
    ref: str
    labels: dict[str, str]


class Interrupted(Exception):
    """The copying was told to stop."""


class ImageFolders:
    """The images under a folder. Every method blocks: call them in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, ref: str) -> Path:
        """Where the image `ref` is, or would be."""
        readable = re.sub(r"[^A-Za-z0-9._-]+", "_", ref).strip("._")[:80]
        return self._root / f"{readable}-{hashlib.sha256(ref.encode()).hexdigest()[:12]}"

    def find(self, ref: str) -> Image | None:
        """The image, or ``None``."""
        try:
            text = (self.folder(ref) / "image.json").read_bytes()
        except FileNotFoundError:
            return None
        record = ImageRecord.model_validate_json(text)
        return Image(record.id, record.ref, record.labels)

    def save(self, ref: str, labels: Mapping[str, str], source: Path | None, cancelled: threading.Event) -> Image:
        """Make `ref` of the parts in `source`; it is there whole or not at all. Raises :class:`Interrupted`."""
        folder = self.folder(ref)
        made = self._root / f".{folder.name}.{os.getpid()}.{threading.get_ident()}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        try:
            digest = hashlib.sha256(repr((ref, sorted(labels.items()))).encode())
            for part in PARTS:
                if source is not None and (source / part).is_dir():
                    copy_tree(source / part, made / part, cancelled)
                    _digest(made / part, digest, cancelled)
            record = ImageRecord(id=f"sha256:{digest.hexdigest()}", ref=ref, labels=dict(labels))
            (made / "image.json").write_text(record.model_dump_json(indent=1))
            self.remove(ref)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return Image(record.id, record.ref, record.labels)

    def remove(self, ref: str) -> None:
        """Remove the image, where it is there."""
        shutil.rmtree(self.folder(ref), ignore_errors=True)

    def unpack(self, ref: str, target: Path) -> None:
        """Give a container ``/opt/agent-hub``: programs of its own, and the image's seed, which is only read."""
        target.mkdir(parents=True, exist_ok=True)
        folder = self.folder(ref)
        if (folder / "bin").is_dir():
            copy_tree(folder / "bin", target / "bin", threading.Event())
        if (folder / "seed").is_dir():
            (target / "seed").symlink_to(folder / "seed")


def copy_tree(source: Path, target: Path, cancelled: threading.Event) -> None:
    """Copy a folder; files are linked where they can be, since an agent's program is hundreds of megabytes."""

    def link(one: str, other: str) -> str:
        if cancelled.is_set():
            raise Interrupted
        try:
            os.link(one, other, follow_symlinks=False)
        except OSError:
            shutil.copy2(one, other, follow_symlinks=False)
        return other

    shutil.copytree(source, target, symlinks=True, copy_function=link)


def _digest(folder: Path, digest: hashlib._Hash, cancelled: threading.Event) -> None:
    for path in sorted(folder.rglob("*")):
        if cancelled.is_set():
            raise Interrupted
        digest.update(str(path.relative_to(folder)).encode())
        if path.is_symlink():
            digest.update(str(path.readlink()).encode())
        elif path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())

"""What the process engine remembers of a container, across restarts of the server."""

from __future__ import annotations

import os
from pathlib import Path

from agent_hub.engines.base import ContainerSpec, Handle
from agent_hub.engines.process_identity import ProcessIdentity
from agent_hub.models import Model


class ContainerRecord(Model):
    """``container.json`` in a container's folder."""

    id: str
    spec: ContainerSpec
    process: ProcessIdentity | None = None
    exit_code: int | None = None
    reason: str = ""

    @property
    def handle(self) -> Handle:
        """The container as the hub knows it."""
        return Handle(self.id, self.spec.name, dict(self.spec.labels))

    @property
    def running(self) -> bool:
        """True while its process is alive."""
        return self.exit_code is None and self.process is not None and self.process.alive


def read_records(folder: Path) -> dict[str, ContainerRecord]:
    """Every container under a folder, by id. Blocks."""
    found = {}
    for path in sorted(folder.glob("*/container.json")):
        record = ContainerRecord.model_validate_json(path.read_bytes())
        found[record.id] = record
    return found


def write_record(folder: Path, record: ContainerRecord) -> None:
    """Write ``container.json``. Blocks."""
    # Its environment can hold secrets, so it is the owner's alone; replaced whole, so that a crash leaves the old one.
    new = folder / "container.json.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(record.model_dump_json(indent=1))
    new.replace(folder / "container.json")

"""What a chat has published, put into a store that no hub has opened."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from agent_hub.hub.store import Store
from agent_hub.models import Artifact, Chat, now

AT_ONCE = 10
"""Artifacts of each prompt."""


async def publish_many(store: Store, data: Path, chat: Chat, count: int) -> None:
    """Publish tables with a few rows, ten for each prompt."""
    began = now()
    statements = []
    for number in range(count):
        content = "step,loss\n" + "".join(f"{step},{number / (step + 1):.3f}\n" for step in range(8))
        artifact = Artifact(
            id=f"{number:012x}",
            chat=chat.id,
            project=chat.project,
            name=f"table {number:04d}.csv",
            path=f"agent-hub/table {number:04d}.csv",
            media_type="text/csv",
            size=len(content),
            sha256=hashlib.sha256(content.encode()).hexdigest(),
            turn=number // AT_ONCE + 1,
            prompt=f"Try the settings of row {number // AT_ONCE + 1}",
            created_at=began + timedelta(seconds=number),
        )
        kept = data / "artifacts" / artifact.id / "1"
        kept.parent.mkdir(parents=True)
        kept.write_text(content)
        statements += [store.artifacts.insertion(artifact), store.versions.insertion(artifact.newest)]
    await store.transact(lambda: store.write(*statements))

"""The versions of artifacts: what was published under each name, one time after the other."""

from __future__ import annotations

from agent_hub.hub.tables import Database, Statement
from agent_hub.models import ArtifactVersion


class Versions:
    """Every version of every artifact, held in memory; each is committed together with the artifact that it makes."""

    def __init__(self, store: Database) -> None:
        self._of: dict[str, dict[int, ArtifactVersion]] = {}
        self._of_bytes: dict[str, dict[tuple[str, int], ArtifactVersion]] = {}
        for (body,) in store.rows("SELECT body FROM version ORDER BY artifact, number"):
            self.keep(ArtifactVersion.model_validate_json(body))

    def of(self, artifact: str) -> tuple[ArtifactVersion, ...]:
        """An artifact's versions, oldest first."""
        return tuple(version for _, version in sorted(self._of.get(artifact, {}).items()))

    def get(self, artifact: str, number: int) -> ArtifactVersion | None:
        """One version of an artifact."""
        return self._of.get(artifact, {}).get(number)

    def same(self, sha256: str | None) -> ArtifactVersion | None:
        """The version that was published last of those bytes, whatever its name and its chat."""
        return next(reversed(self._of_bytes.get(sha256 or "", {}).values()), None)

    def insertion(self, version: ArtifactVersion) -> Statement:
        """The statement that adds a version."""
        return (
            "INSERT OR REPLACE INTO version (artifact, number, body) VALUES (?, ?, ?)",
            (version.artifact, version.version, version.model_dump_json()),
        )

    def deletion(self, artifact: str) -> Statement:
        """The statement that forgets all versions of an artifact."""
        return "DELETE FROM version WHERE artifact = ?", (artifact,)

    def keep(self, version: ArtifactVersion) -> None:
        """Remember what has been committed."""
        self._of.setdefault(version.artifact, {})[version.version] = version
        if version.sha256:
            self._of_bytes.setdefault(version.sha256, {})[version.artifact, version.version] = version

    def drop(self, artifact: str) -> None:
        """Forget what has been deleted; no error where there is none."""
        for version in self._of.pop(artifact, {}).values():
            if not version.sha256:
                continue
            same = self._of_bytes[version.sha256]
            del same[version.artifact, version.version]
            if not same:
                del self._of_bytes[version.sha256]

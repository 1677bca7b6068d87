"""The schema of the hub's memory, and how that of an older hub becomes it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from agent_hub.errors import StoreTooNew

MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE project (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE chat (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE artifact (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE token (chat TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE);
    """,
    """
    CREATE TABLE spare (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE request (key TEXT PRIMARY KEY, chat TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL);
    """,
    "CREATE TABLE leaving (project TEXT PRIMARY KEY);",
    # Chats tell of their turns, and builds of their base: a hub from before reads neither, and says that this is newer.
    "",
    """
    CREATE TABLE version (
        artifact TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (artifact, number)
    ) WITHOUT ROWID;
    """,
)
"""One script per schema version; a store of version n runs those from n on. Never edit one that was released."""


def refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    """Raise :class:`~agent_hub.errors.StoreTooNew` where a newer hub has written it."""
    if (version := _version(db)) > len(MIGRATIONS):
        raise StoreTooNew(
            f"A newer Agent Hub has written {path} (version {version}; this one knows {len(MIGRATIONS)}).",
            "Install that version again, or give this one a folder of its own with --AgentHub.data_dir=FOLDER.",
            version=version,
        )


def migrate(db: sqlite3.Connection) -> None:
    """Run what its version lacks, each script whole or not at all."""
    version = _version(db)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        try:
            db.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)

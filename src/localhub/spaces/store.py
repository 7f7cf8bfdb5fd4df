"""Everything that must survive a restart and is not in git: one SQLite file.

Spaces are held in memory as well, so that listing a thousand of them reads nothing. For the event loop only.
"""

import json
import sqlite3
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localhub.spaces.model import Space

SCHEMA = """
CREATE TABLE IF NOT EXISTS spaces (id TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS moves (old TEXT PRIMARY KEY, space TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (kind TEXT, id TEXT, document TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS buckets (id TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (number INTEGER PRIMARY KEY, document TEXT NOT NULL);
"""


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        # A killed process loses nothing this way; only a power cut could, which a local Hub may accept.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + SCHEMA)
        self._spaces = {space.id: space for space in self._load()}
        self._by_name = {space.repo_id.lower(): space for space in self._spaces.values()}
        self._coming: set[str] = set()
        self._kept: dict[str, dict[Hashable, bytes]] = {}
        self._moves = dict(self._db.execute("SELECT old, space FROM moves").fetchall())

    def __iter__(self) -> Iterator[Space]:
        return iter(list(self._spaces.values()))

    def kept(self, space: Space) -> dict[Hashable, bytes]:
        """Whatever was made of a Space and holds until it is saved again."""
        return self._kept.setdefault(space.id, {})

    def find(self, repo_id: str) -> Space | None:
        """By its name, or by a name it had before it was moved."""
        key = repo_id.lower()
        return self._by_name.get(key) or self._spaces.get(self._moves.get(key, ""))

    def taken(self, repo_id: str) -> bool:
        """Whether a Space has this very name, or is being made under it."""
        key = repo_id.lower()
        return key in self._by_name or key in self._coming

    @contextmanager
    def coming(self, space: Space) -> Iterator[None]:
        """While its first commit is made, so that of two of one name asked for at once one comes to be."""
        key = space.repo_id.lower()
        self._coming.add(key)
        try:
            yield
        finally:
            self._coming.discard(key)

    def add(self, space: Space) -> None:
        self._spaces[space.id] = self._by_name[space.repo_id.lower()] = space
        self.save(space)

    def holds(self, space: Space) -> bool:
        return space.id in self._spaces

    def save(self, space: Space) -> None:
        """Nothing, once it was removed: whoever was still at work on it must not bring it back."""
        if not self.holds(space):
            return
        self._kept.pop(space.id, None)
        document = json.dumps(space.to_dict(), default=str)
        self._db.execute("INSERT OR REPLACE INTO spaces VALUES (?, ?)", (space.id, document))

    def rename(self, space: Space, owner: str, name: str) -> None:
        old = space.repo_id.lower()
        del self._by_name[old]
        space.owner, space.name = owner, name
        self._by_name[space.repo_id.lower()] = space
        self._moves[old] = space.id
        self._db.execute("INSERT OR REPLACE INTO moves VALUES (?, ?)", (old, space.id))
        self.save(space)

    def remove(self, space: Space) -> None:
        self._spaces.pop(space.id, None)
        self._kept.pop(space.id, None)
        self._by_name.pop(space.repo_id.lower(), None)
        self._db.execute("DELETE FROM spaces WHERE id = ?", (space.id,))

    def webhooks(self) -> list[dict[str, Any]]:
        return [json.loads(text) for (text,) in self._db.execute("SELECT document FROM webhooks ORDER BY rowid")]

    def save_webhook(self, webhook: dict[str, Any]) -> None:
        self._db.execute(
            "INSERT INTO webhooks VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (webhook["id"], json.dumps(webhook)),
        )

    def remove_webhook(self, webhook_id: str) -> None:
        self._db.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))

    def jobs(self, kind: str) -> list[dict[str, Any]]:
        """Every document of a kind (`job` or `schedule`), oldest first."""
        rows = self._db.execute("SELECT document FROM jobs WHERE kind = ? ORDER BY rowid", (kind,))
        return [json.loads(text) for (text,) in rows]

    def save_job(self, kind: str, document: dict[str, Any]) -> None:
        self._db.execute(
            "INSERT INTO jobs VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document",
            (kind, document["id"], json.dumps(document)),
        )

    def remove_job(self, kind: str, job_id: str) -> None:
        self._db.execute("DELETE FROM jobs WHERE kind = ? AND id = ?", (kind, job_id))

    def buckets(self) -> list[dict[str, Any]]:
        return [json.loads(text) for (text,) in self._db.execute("SELECT document FROM buckets ORDER BY rowid")]

    def save_bucket(self, bucket: dict[str, Any]) -> None:
        self._db.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (bucket["id"], json.dumps(bucket)))

    def remove_bucket(self, bucket_id: str) -> None:
        self._db.execute("DELETE FROM buckets WHERE id = ?", (bucket_id,))

    def add_call(self, call: dict[str, Any]) -> None:
        self._db.execute("INSERT INTO calls (document) VALUES (?)", (json.dumps(call),))

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        rows = self._db.execute("SELECT number, document FROM calls WHERE number > ? ORDER BY number", (after,))
        return [{"number": number, **json.loads(text)} for number, text in rows]

    def clear_calls(self) -> None:
        self._db.execute("DELETE FROM calls")

    def close(self) -> None:
        self._db.close()

    def _load(self) -> Iterator[Space]:
        for (text,) in self._db.execute("SELECT document FROM spaces ORDER BY rowid"):
            yield Space(**json.loads(text))

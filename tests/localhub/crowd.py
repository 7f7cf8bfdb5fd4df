"""Many Spaces at once, put where localhub finds them when it starts: creating them one by one takes minutes."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import psutil
from tests.localhub_server import LocalHub

from localhub import clock
from localhub.git import write
from localhub.git.write import Change, File
from localhub.spaces.model import Space
from localhub.spaces.store import Store


def seed(data: Path, count: int, *, sdk: str = "static", stage: str = "RUNNING") -> None:
    """`local/demo-0` and so on, each with a repository of its own. A small README, an index.html, a Dockerfile."""
    card: dict[str, Any] = {
        "title": "Demo",
        "sdk": sdk,
        "tags": ["one", "two"],
        "short_description": "One of very many",
    }
    readme = "---\n" + "".join(f"{key}: {value}\n" for key, value in card.items()) + "---\n"
    files = {"README.md": readme, "index.html": "<h1>Demo</h1>\n", "Dockerfile": "FROM python:3\nCMD python\n"}
    first = data / "first.git"
    write.create(first)
    head = write.commit(
        first, "refs/heads/main", "", Change("x", files=[File(path, text) for path, text in _encoded(files)])
    )
    store = Store(data / "localhub.sqlite")
    for number in range(count):
        space = Space(f"{number:024x}", "local", f"demo-{number}", sdk, "public", "2026-01-01T00:00:00.000Z", "0" * 24)
        space.head, space.card, space.stage, space.last_modified = head, card, stage, clock.from_epoch(number)
        store.add(space)
        shutil.copytree(first, data / "repositories" / f"{space.id}.git", copy_function=os.link)
    store.close()


def settled(hub: LocalHub, stage: str, limit: float = 300) -> None:
    """Once every Space is in that stage."""
    deadline = time.monotonic() + limit
    with hub.http() as client:
        while True:
            shown = client.get("/api/spaces?expand=runtime").raise_for_status().json()
            if all(item["runtime"]["stage"] == stage and item["runtime"].get("sha") for item in shown):
                return
            assert time.monotonic() < deadline, {item["runtime"]["stage"] for item in shown}
            time.sleep(0.1)


def memory(hub: LocalHub) -> float:
    """Of the server itself, in MB."""
    return psutil.Process(hub.pid).memory_info().rss / 1_000_000


def _encoded(files: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(path, text.encode()) for path, text in files.items()]

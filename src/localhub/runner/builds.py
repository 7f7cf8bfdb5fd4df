"""What every way of building takes and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class BuildFailed(Exception):
    """The message is what the Hub would show as the reason."""


@dataclass(frozen=True)
class Order:
    """One build: the pushed files, what the Space gives to them, and where the result goes."""

    repo_id: str
    commit: str
    context: Path
    recipe: Path
    """The Dockerfile, which need not be part of the context."""
    root: Path
    variables: dict[str, str]
    secrets: dict[str, str]
    say: Callable[[str], None]
    factory: bool
    """Whether to build without anything cached."""
    uid: int | None = None
    """Whom the steps and the app run as; None is localhub's own user."""


@dataclass(frozen=True)
class Mount:
    """A folder of this machine, and where the app finds it."""

    source: Path
    path: str
    read_only: bool


@dataclass(frozen=True)
class Launch:
    """A command that, once started, serves the app on the given port."""

    command: tuple[str, ...]
    folder: Path
    env: dict[str, str]
    uid: int | None = None


class Image(Protocol):
    """What a build leaves behind."""

    def launch(self, *, app_port: int, port: int, env: dict[str, str], mounts: Sequence[Mount]) -> Launch: ...

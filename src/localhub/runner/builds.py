"""What every way of building takes and gives."""

from collections.abc import Callable
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
    root: Path
    variables: dict[str, str]
    secrets: dict[str, str]
    say: Callable[[str], None]
    factory: bool
    """Whether to build without anything cached."""


@dataclass(frozen=True)
class Launch:
    """A command that, once started, serves the app on the given port."""

    command: tuple[str, ...]
    folder: Path
    env: dict[str, str]


class Image(Protocol):
    """What a build leaves behind."""

    def launch(self, *, app_port: int, port: int, env: dict[str, str]) -> Launch: ...

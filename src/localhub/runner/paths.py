"""Absolute paths of a container, and where they are when there is no container."""

import re
import shutil
from pathlib import Path, PurePosixPath

_PATH = re.compile(r"(?<![\w./\-{}$)\\~*])/(?=[\w.])[^\s\"':;,()|&<>`]*")
_SYSTEM = ("bin", "dev", "lib", "lib64", "proc", "sbin", "sys")
_SYSTEM_USR = ("bin", "lib", "sbin")


class Paths:
    """One folder stands in for the root of the image's file system."""

    def __init__(self, root: Path, interpreter_folder: Path) -> None:
        self.root = root
        self._interpreters = interpreter_folder

    def real(self, path: str, base: str = "/") -> Path:
        """Where a container path is. `..` cannot leave the root."""
        parts: list[str] = []
        for part in PurePosixPath(base, path).parts[1:]:
            if part == "..":
                parts = parts[:-1]
            elif part != ".":
                parts.append(part)
        return self.root.joinpath(*parts)

    def link(self, path: str, folder: Path) -> None:
        """Lets a container path lead to a folder elsewhere, in place of whatever the image has there."""
        place = self.real(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink() or place.is_file():
            place.unlink()
        elif place.exists():
            shutil.rmtree(place)
        place.symlink_to(folder, target_is_directory=True)

    def in_command(self, text: str) -> str:
        """For RUN: every absolute path but the system's own programs and devices, so that a build step writes to
        and removes from its own folder and never from the machine's."""
        return _PATH.sub(lambda found: self._place(found.group(), always=True), text)

    def in_value(self, text: str) -> str:
        """For ENV, CMD and ENTRYPOINT: only below folders the build has made; `/docs` may be a URL path."""
        return _PATH.sub(lambda found: self._place(found.group(), always=False), text)

    def _place(self, path: str, *, always: bool) -> str:
        if path.startswith(str(self.root.parent)):
            return path
        parts = PurePosixPath(path).parts[1:]
        if parts[:3] == ("usr", "local", "bin") and not self.real(path).exists():
            return str(self._interpreters.joinpath(*parts[3:]))
        if parts[0] in _SYSTEM or (parts[0] == "usr" and len(parts) > 1 and parts[1] in _SYSTEM_USR):
            return path
        made = (self.root / parts[0]).exists()
        return f"{self.root}{path}" if always or made else path

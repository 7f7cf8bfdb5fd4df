"""Virtual environments for apps, kept by what was installed into them."""

import asyncio
import hashlib
import secrets
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from localhub.runner import process, user

SHIM = Path(__file__).with_name("shim.py")
PIP = '#!/bin/sh\nexec "$(dirname "$0")/python" -m pip "$@"\n'
PTH = 'import os; os.environ.get("LOCALHUB_BIND") and __import__("_localhub_shim")\n'


@lru_cache
def interpreter(version: str) -> str | None:
    """A base interpreter of `3.12` (or any, for an empty version) on this machine."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version in {"", "3", own}:
        return str(Path(sys.base_prefix) / "bin" / f"python{own}")
    found = shutil.which(f"python{version}")
    # A version manager may leave a program of that name that only says the version is not switched on.
    works = (
        found and not subprocess.run([found, "-I", "-c", "import venv"], capture_output=True, check=False).returncode
    )
    return found if works else None


class Venvs:
    def __init__(self, folder: Path, uid: int | None = None) -> None:
        self._folder = folder
        self.uid = uid
        self.cache = folder.parent / "pip-cache"
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def lock(self, key: str) -> asyncio.Lock:
        """Held while a build may be filling the environment of this key."""
        return self._locks[key]

    @property
    def pip_settings(self) -> Path:
        """Those of whoever started localhub; a copy where builds run as a user who cannot read them."""
        own = self.cache / "pip.conf"
        return own if self.uid is not None else user.PIP_SETTINGS

    def path(self, key: str) -> Path:
        return self._folder / key

    def one_off(self, key: str) -> str:
        """A key that no other build shares."""
        return f"{key}-{secrets.token_hex(4)}"

    def forget_one_offs(self) -> None:
        for path in self._folder.glob("*-*"):
            shutil.rmtree(path, ignore_errors=True)

    def ready(self, key: str) -> bool:
        return (self.path(key) / "complete").exists()

    def finish(self, key: str) -> None:
        (self.path(key) / "complete").touch()

    async def create(self, key: str, python: str, *, pip: bool, say: Callable[[str], None]) -> None:
        """An empty environment; one left unfinished by an earlier build is thrown away."""
        await self._make(key, python, ("--without-pip",), say)
        if pip:
            await self._add_pip(key, python, say)
        site = self._packages(key)
        shutil.copyfile(SHIM, site / "_localhub_shim.py")
        (site / "_localhub.pth").write_text(PTH)

    async def _make(self, key: str, python: str, options: tuple[str, ...], say: Callable[[str], None]) -> None:
        path = self.path(key)
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        await self._run((python, "-I", "-m", "venv", *options, str(path)), say)

    async def _add_pip(self, key: str, python: str, say: Callable[[str], None]) -> None:
        """Copied from an environment that has it: installing it once more takes ten times as long."""
        model = key_of(python, "pip")
        async with self.lock(model):
            if not self.ready(model):
                await self._make(model, python, (), say)
                self.finish(model)
        # With their times, by which Python knows that what it has compiled still holds.
        await self._run(("cp", "-Rp", f"{self._packages(model)}/.", str(self._packages(key))), say)
        for name in ("pip", "pip3"):
            script = self.path(key) / "bin" / name
            script.write_text(PIP)
            script.chmod(0o755)

    async def _run(self, command: tuple[str, ...], say: Callable[[str], None]) -> None:
        code = await process.run(command, folder=self._folder, env={"PATH": "/usr/bin:/bin"}, on_line=say, uid=self.uid)
        if code:
            raise RuntimeError(f"{' '.join(command)} ended with exit code {code}")

    def _packages(self, key: str) -> Path:
        return next((self.path(key) / "lib").glob("python3*/site-packages"))


def key_of(*parts: str) -> str:
    """Folder name of an environment made from exactly these parts."""
    digest = hashlib.sha256(SHIM.read_bytes())
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:20]

"""`uv run` without uv: the image that the client sends uv scripts to, and what its command asks for."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localhub.runner import emulator, process, venvs
from localhub.runner.builds import BuildFailed, Mount
from localhub.runner.dockerfile import DockerfileError
from localhub.runner.venvs import Venvs

IMAGE = "ghcr.io/astral-sh/uv:"
LARGEST_HEADER = 1024 * 1024
_HEADER = re.compile(r"^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.MULTILINE)
"""Inline script metadata: https://packaging.python.org/en/latest/specifications/inline-script-metadata/"""


@dataclass(frozen=True)
class Recipe:
    """A command, the interpreter it wants and the packages it wants there."""

    image: str
    command: tuple[str, ...]
    python: str = ""
    packages: tuple[str, ...] = ()


def read(image: str, words: tuple[str, ...], mounts: Sequence[Mount]) -> Recipe:
    """Any other image's command is left as it is. Raises DockerfileError for what only uv itself could do."""
    if not image.startswith(IMAGE):
        return Recipe(image, words)
    # `python3.12-bookworm`
    image = image.removeprefix(IMAGE).replace("python", "python:", 1)
    if words[:2] != ("uv", "run"):
        return Recipe(image, words)
    packages, python, rest = [], "", list(words[2:])
    while len(rest) > 1 and rest[0] in {"--with", "--python"}:
        option, value, *rest = rest
        if option == "--with":
            packages.append(value)
        else:
            python = value
    if rest and rest[0].startswith(("http://", "https://", "-")):
        raise DockerfileError(f"uv run {rest[0]}: localhub runs a program of the environment or a script of a volume")
    if rest and rest[0].endswith(".py"):
        packages += _dependencies(rest[0], mounts)
        rest = ["python", *rest]
    return Recipe(image, tuple(rest), python, tuple(packages))


async def install(recipe: Recipe, python: str, store: Venvs, say: Callable[[str], None]) -> Path:
    """The environment, made once for each set of packages. Raises BuildFailed when a package cannot be had."""
    key = venvs.key_of(python, "uv", *sorted(recipe.packages)) if recipe.packages else venvs.key_of(python, "bare")
    async with store.lock(key):
        if not store.ready(key):
            await store.create(key, python, pip=bool(recipe.packages), say=say)
            if recipe.packages:
                await _pip(recipe.packages, store, store.path(key), say)
            store.finish(key)
    return store.path(key)


def _dependencies(script: str, mounts: Sequence[Mount]) -> list[str]:
    """What a script in a volume asks for in its own header. Raises DockerfileError."""
    for mount in mounts:
        file = mount.source / script.removeprefix(f"{mount.path.rstrip('/')}/")
        if script.startswith(f"{mount.path.rstrip('/')}/") and file.is_file():
            with file.open("rb") as opened:
                return _declared(opened.read(LARGEST_HEADER).decode(errors="replace"))
    raise DockerfileError(f"uv run {script}: there is no such file in a volume of the job")


def _declared(script: str) -> list[str]:
    found = _HEADER.search(script)
    if not found:
        return []
    lines = [line[2:] if line.startswith("# ") else line[1:] for line in found["content"].splitlines()]
    try:
        return [str(name) for name in tomllib.loads("\n".join(lines)).get("dependencies", [])]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise DockerfileError(f"the header of the script cannot be read: {error}") from error


async def _pip(packages: tuple[str, ...], store: Venvs, venv: Path, say: Callable[[str], None]) -> None:
    command = (str(venv / "bin" / "python"), "-m", "pip", "install", "--", *packages)
    env = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(venv)} | emulator.index_env(store)
    if code := await process.run(command, folder=venv, env=env, on_line=say, uid=store.uid):
        raise BuildFailed(f"pip install ended with exit code {code}")

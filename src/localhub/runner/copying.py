"""COPY and ADD: from the pushed files into the folder that stands in for the image."""

import shlex
import shutil
from pathlib import Path

from localhub.runner.dockerfile import DockerfileError, Instruction, exec_form
from localhub.runner.paths import Paths


def copy(instruction: Instruction, context: Path, paths: Paths, workdir: str) -> None:
    """Raises DockerfileError for a source that is not in the context."""
    if instruction.flag("from") is not None:
        raise DockerfileError(f"{instruction}: copying from another image needs a Docker engine")
    words = exec_form(instruction.value) or shlex.split(instruction.value)
    if len(words) < 2:
        raise DockerfileError(f"{instruction.name} requires at least two arguments")
    *sources, target = words
    if any(source.startswith(("http://", "https://", "git@")) for source in sources):
        raise DockerfileError(f"{instruction}: fetching from the network needs a Docker engine")
    found = [path for source in sources for path in _matches(context, source)]
    to_folder = target.endswith(("/", ".")) or len(found) > 1
    destination = paths.real(target, workdir)
    for path in found:
        _place(path, destination, to_folder=to_folder or destination.is_dir())


def _matches(context: Path, source: str) -> list[Path]:
    name = source.lstrip("/").removeprefix("./").rstrip("/")
    if name in {"", "."}:
        return [context]
    found = sorted(context.glob(name)) if ".." not in Path(name).parts else []
    if not found:
        raise DockerfileError(f'failed to calculate checksum of ref: failed to compute cache key: "/{name}": not found')
    return found


def _place(source: Path, destination: Path, *, to_folder: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, destination, symlinks=True, dirs_exist_ok=True)
        return
    target = destination / source.name if to_folder else destination
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)

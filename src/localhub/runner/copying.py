"""COPY and ADD: from the pushed files into the folder that stands in for the image."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from localhub.runner.dockerfile import DockerfileError, Instruction, exec_form, words
from localhub.runner.paths import Paths


def copy(instruction: Instruction, context: Path, paths: Paths, workdir: str) -> None:
    """Raises DockerfileError for a source that is not in the context."""
    if instruction.flag("from") is not None:
        raise DockerfileError(f"{instruction}: copying from another image needs a Docker engine")
    given = exec_form(instruction.value) or words(instruction.value)
    if len(given) < 2:
        raise DockerfileError(f"{instruction.name} requires at least two arguments")
    *sources, target = given
    if any(source.startswith(("http://", "https://", "git@")) for source in sources):
        raise DockerfileError(f"{instruction}: fetching from the network needs a Docker engine")
    found = [path for source in sources for path in _matches(context, source)]
    to_folder = target.endswith(("/", ".")) or len(found) > 1
    destination = paths.real(target, workdir)
    mode = _mode(instruction)
    for path in found:
        if instruction.name == "ADD" and path.is_file() and tarfile.is_tarfile(path):
            _unpack(path, destination)
        else:
            _place(path, destination, to_folder=to_folder or destination.is_dir(), mode=mode)


def _matches(context: Path, source: str) -> list[Path]:
    name = source.lstrip("/").removeprefix("./").rstrip("/")
    if name in {"", "."}:
        return [context]
    found = sorted(context.glob(name)) if ".." not in Path(name).parts else []
    if not found:
        raise DockerfileError(f'failed to calculate checksum of ref: failed to compute cache key: "/{name}": not found')
    return found


def _mode(instruction: Instruction) -> int | None:
    """Of `--chmod`; only the octal form is known everywhere."""
    given = instruction.flag("chmod")
    if given is None:
        return None
    if not re.fullmatch("[0-7]{3,4}", given):
        raise DockerfileError(f"invalid chmod parameter: '{given}'. it should be octal string and between 0 and 07777")
    return int(given, 8)


def _unpack(archive: Path, destination: Path) -> None:
    destination.mkdir(parents=True, exist_ok=True)
    # tar itself lets nothing out of the folder; the module does so only in newer versions of Python.
    command = ["tar", "--extract", "--no-same-owner", f"--file={archive}", f"--directory={destination}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DockerfileError(f"ADD {archive.name}: {done.stderr.strip()}")


def _place(source: Path, destination: Path, *, to_folder: bool, mode: int | None) -> None:
    if source.is_dir():
        shutil.copytree(source, destination, symlinks=True, dirs_exist_ok=True)
        copied = [destination / path.relative_to(source) for path in source.rglob("*")]
    else:
        target = destination / source.name if to_folder else destination
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        copied = [target]
    for path in copied if mode is not None else []:
        if not path.is_symlink():
            path.chmod(mode or 0)

"""Commands of an image's own system that have no meaning outside it."""

from pathlib import Path

from localhub.runner.dockerfile import NO_OPS

_SCRIPT = '#!/bin/sh\necho "not emulated: ${0##*/} $*"\n'


def write(folder: Path) -> Path:
    """Fills `folder` with one program per command, each saying in the build log that it did nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NO_OPS:
        file = folder / name
        file.write_text(_SCRIPT)
        file.chmod(0o755)
    return folder

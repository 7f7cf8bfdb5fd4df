"""Packing an app's folder for the upload."""

import gzip
import io
import tarfile
from pathlib import Path

from spaceport.errors import Invalid

_LEFT_OUT = {".git", ".venv", "__pycache__", "node_modules"}


def sdk(folder: Path) -> str:
    """What kind of Space the files make. Raises Invalid for a folder that holds no app."""
    for name, kind in (("Dockerfile", "docker"), ("app.py", "gradio"), ("index.html", "static")):
        if (folder / name).is_file():
            return kind
    raise Invalid(
        f"{folder} holds no Dockerfile, app.py or index.html.",
        code="no_app",
        fix="Name a folder that does with APP=, for example APP=examples/hello-fastapi.",
    )


def archive(folder: Path) -> bytes:
    """A tar.gz of the folder. The same files give the same bytes, and with them the same revision."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if not _LEFT_OUT.intersection(inside.parts):
                tar.add(path, arcname=str(inside), recursive=False, filter=_plain)
    return packed.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry

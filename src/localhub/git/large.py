"""Large files in a commit that is made over the API."""

from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from localhub.git import lfs, read
from localhub.git.lfs import Pointer
from localhub.git.write import Change, File

WARNING = "xet; localhub takes large files through git-lfs only: set HF_HUB_DISABLE_XET=1, or serve without --lfs-over"


def upload_mode(size: int, over: int | None) -> str:
    """`regular` unless told otherwise: all bytes then come in the commit itself, and xet is never asked for."""
    return "lfs" if over is not None and size > over else "regular"


def held(repository: Path, oid: str) -> Pointer | None:
    """The pointer to a file that was uploaded before; None when it was not."""
    file = lfs.place(repository, oid) if lfs.OID.fullmatch(oid) else None
    return Pointer(oid, file.stat().st_size) if file and file.is_file() else None


def track(repository: Path, tip: str, change: Change) -> None:
    """Lets git-lfs know of the large files, as the Hub does: `.gitattributes` gets a line for each new one."""
    paths = [file.path for file in change.files if lfs.pointer(file.content)]
    if not paths:
        return
    given = next((file.content.decode() for file in change.files if file.path == ".gitattributes"), None)
    before = given if given is not None else read.text(repository, tip, ".gitattributes") or ""
    new = [path for path in paths if not tracked(before, path)]
    if new:
        change.files.append(File(".gitattributes", _with(before, new).encode()))


def tracked(attributes: str, path: str) -> bool:
    """Whether `.gitattributes` says that git-lfs looks after a file."""
    for line in attributes.splitlines():
        pattern, *rest = line.split() or [""]
        name = path if "/" in pattern else PurePosixPath(path).name
        if "filter=lfs" in rest and fnmatchcase(name, pattern.lstrip("/")):
            return True
    return False


def _with(attributes: str, paths: list[str]) -> str:
    """`.gitattributes` with a line more for each file that needs one."""
    # A question mark also matches a space, which would end the pattern.
    lines = [f"{path.replace(' ', '?')} filter=lfs diff=lfs merge=lfs -text\n" for path in paths]
    ended = attributes if not attributes or attributes.endswith("\n") else attributes + "\n"
    return ended + "".join(lines)

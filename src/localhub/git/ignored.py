"""What a `.gitignore` keeps out of an upload, by git's own reading of it."""

import tempfile
from pathlib import Path

from localhub.git.run import git

NONE_IGNORED = 1


def of(repository: Path, rules: str, paths: list[str]) -> set[str]:
    """Those of the paths that these rules ignore. Blocks. Raises GitError for a path that leads out."""
    if not rules.strip() or not paths:
        return set()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".gitignore").write_text(rules)
        # By `./` no name is taken for one of git's patterns.
        names = "".join(f"./{path}\0" for path in paths).encode()
        options = ("check-ignore", "--no-index", "--stdin", "-z")
        told = git(repository, "--work-tree", folder, *options, data=names, no_failure=NONE_IGNORED)
    return {name.removeprefix("./") for name in told.decode().split("\0") if name}

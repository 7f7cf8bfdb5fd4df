"""A folder as a commit: what git itself would add, so `.gitignore` holds and nothing of `.git` is taken."""

from pathlib import Path

from localhub.git import write
from localhub.git.run import git

KEPT = ("README.md", ".gitattributes")
"""Stay as they are in the repository when the folder has none."""
EXCLUDED = ".venv/\n__pycache__/\nnode_modules/\n"


def take(repository: Path, folder: Path, parent: str, author: str) -> str | None:
    """Puts a commit with the folder's files on main and returns its sha; None when nothing changed. Blocks.

    Raises GitError, for example when a file disappears meanwhile.
    """
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info" / "exclude").write_text(EXCLUDED)
    index = repository / "snapshot.index"
    index.unlink(missing_ok=True)
    env = {"GIT_INDEX_FILE": str(index)}
    missing = [name for name in KEPT if not (folder / name).exists()]
    if missing:
        git(repository, "update-index", "--index-info", data=git(repository, "ls-tree", parent, *missing), env=env)
    paths = [".", *(f":(exclude){name}" for name in missing)]
    git(repository, "-C", str(folder), "--work-tree", str(folder), "add", "--all", "--", *paths, env=env)
    tree = git(repository, "write-tree", env=env).decode().strip()
    if tree == git(repository, "rev-parse", f"{parent}^{{tree}}").decode().strip():
        return None
    made = git(repository, "commit-tree", tree, "-p", parent, "-m", "Snapshot", env=write.people(author))
    oid = made.decode().strip()
    write.update_ref(repository, "refs/heads/main", oid, parent)
    return oid

"""Questions about a repository's history that need no file of it: which paths differ, and what came before what."""

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from spaceport.egress.policy import Policy
from spaceport.sources.commands import Guard
from spaceport.sources.git_remote import Remote
from spaceport.sources.git_repository import GitFailed, Repository
from spaceport.sources.limits import DEFAULT, Limits
from spaceport.sources.model import GitSource

# Committers' clocks differ.
_CLOCKS = timedelta(days=1)


def changed_files(
    source: GitSource,
    before: str,
    after: str,
    *,
    token: str | None,
    policy: Policy,
    cancelled: Callable[[], bool],
    limits: Limits = DEFAULT,
) -> frozenset[str]:
    """The paths that differ between two commits: added, changed and removed; a renamed file is both.

    Raises what `git.fetch` raises; `ref_not_found` for a commit that the host does not have any more.
    """
    with tempfile.TemporaryDirectory(prefix="spaceport-git-") as scratch:
        repository = Repository.create(Guard(Path(scratch), limits, cancelled))
        remote = Remote.of(source.url, repository, policy=policy, token=token)
        remote.bring(before, after, options=("--depth=1", "--filter=blob:none"))
        listed = repository.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after)
    return frozenset(listed.split("\0")) - {""}


def is_before(  # noqa: PLR0913 - what fetch takes, and the two commits
    source: GitSource,
    revision: str,
    later: str,
    *,
    committed_at: datetime | None,
    token: str | None,
    policy: Policy,
    cancelled: Callable[[], bool],
    limits: Limits = DEFAULT,
) -> bool:
    """Whether `revision`, committed at `committed_at`, is an ancestor of the commit `later`.

    Fetches commits alone, and only those since then: next to nothing where `revision` is the newer one. Raises
    what `git.fetch` raises; `ref_not_found` when the host does not have `later` any more.
    """
    options = ["--filter=tree:0"]
    if committed_at is not None:
        options.append(f"--shallow-since={int((committed_at - _CLOCKS).timestamp())}")
    with tempfile.TemporaryDirectory(prefix="spaceport-git-") as scratch:
        repository = Repository.create(Guard(Path(scratch), limits, cancelled))
        remote = Remote.of(source.url, repository, policy=policy, token=token)
        if not remote.bring(later, options=tuple(options)):
            return False
        try:
            # Everything that came is in the history of `later`.
            repository.run("cat-file", "-e", f"{revision}^{{commit}}")
        except GitFailed:
            return False
    return True

"""Questions about a repository's history that need no file of it: which paths differ, and what came before what."""

from collections.abc import Callable
from dataclasses import replace

from spaceport.egress.policy import Policy
from spaceport.sources import git_cache, git_failures, scratch
from spaceport.sources.commands import Guard
from spaceport.sources.git_cache import Cache
from spaceport.sources.git_remote import Remote
from spaceport.sources.git_repository import GitFailed, Repository
from spaceport.sources.limits import DEFAULT, Limits
from spaceport.sources.model import GitSource

_COMMITS_ALONE = "--filter=tree:0"
# What merge-base ends with; anything else is a failure.
_NO = 1
# How many steps back are looked at first.
_NEAR = 50


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
    with scratch.folder() as made:
        repository = Repository.create(Guard(made, limits, cancelled))
        remote = Remote.of(source.url, repository, policy=policy, token=token)
        remote.bring(before, after, options=("--depth=1", "--filter=blob:none"))
        try:
            listed = repository.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after)
        except GitFailed as failed:
            raise git_failures.not_written(failed.stderr) from None
    return frozenset(listed.split("\0")) - {""}


def is_before(  # noqa: PLR0913 - what fetch takes, and the two commits
    source: GitSource,
    revision: str,
    later: str,
    *,
    token: str | None,
    policy: Policy,
    cancelled: Callable[[], bool],
    limits: Limits = DEFAULT,
    cache: Cache | None = None,
) -> bool:
    """Whether the commit `revision` is an ancestor of the commit `later`, whatever time the two say that they are of.

    Fetches commits alone: those near the two, and where neither of them leads to the other, all. With a `cache` the
    host is asked once for all spaces that go from the one to the other. Raises what `git.fetch` raises;
    `ref_not_found` when the host does not have `later` any more.
    """
    with scratch.folder() as made:
        guard = Guard(made, limits, cancelled)
        remote = Remote.of(source.url, Repository.create(guard), policy=policy, token=token)

        def bring(repository: Repository) -> None:
            _bring_history(replace(remote, repository=repository), revision, later)

        kept = cache or Cache(made / "once", "")

        def once() -> bool:
            with kept.repository(str(remote.target.url), f"history {revision} {later}", guard, bring) as repository:
                return _leads_to(repository, revision, later)

        return git_cache.again(once)


def _bring_history(remote: Remote, revision: str, later: str) -> None:
    """As much of it as tells which of the two came before the other."""
    remote.bring(later, revision, options=(f"--depth={_NEAR}", _COMMITS_ALONE))
    repository = remote.repository
    if _leads_to(repository, revision, later) or _leads_to(repository, later, revision):
        return
    if repository.run("rev-parse", "--is-shallow-repository").strip() == "true":
        remote.bring(later, options=("--unshallow", _COMMITS_ALONE))


def _leads_to(repository: Repository, ancestor: str, descendant: str) -> bool:
    """As far as the repository has the history between the two."""
    try:
        repository.run("merge-base", "--is-ancestor", ancestor, descendant)
    except GitFailed as failed:
        if failed.status != _NO:
            raise
        return False
    return True

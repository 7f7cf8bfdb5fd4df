"""Fetching one commit of a repository, with nothing of Git left behind.

The files come out of the object store without a checkout's conversions: no hooks, filters, line endings
or submodules. What is deployed is byte for byte what was committed. Symbolic links are refused.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from spaceport.egress.policy import Policy
from spaceport.sources import files, git_cache, git_failures, scratch
from spaceport.sources.commands import Guard
from spaceport.sources.git_cache import Cache
from spaceport.sources.git_remote import Remote, Tip, named_by_id
from spaceport.sources.git_repository import GitFailed, Repository
from spaceport.sources.limits import DEFAULT, Limits
from spaceport.sources.model import Fetched, GitSource


def resolve(
    source: GitSource,
    *,
    token: str | None,
    policy: Policy,
    cancelled: Callable[[], bool],
    limits: Limits = DEFAULT,
) -> Tip:
    """Ask the remote where the ref stands, fetching nothing. A full commit id is taken at its word.

    Raises what `fetch` raises about the host, the token and the ref.
    """
    found = resolve_all(source.url, [source.ref], token=token, policy=policy, cancelled=cancelled, limits=limits)
    if (tip := found[source.ref]) is None:
        raise git_failures.ref_not_found(source.ref)
    return tip


def resolve_all(
    url: str,
    refs: Iterable[str | None],
    *,
    token: str | None,
    policy: Policy,
    cancelled: Callable[[], bool],
    limits: Limits = DEFAULT,
) -> dict[str | None, Tip | None]:
    """`resolve` for several refs of a repository with one question; None for a ref that it does not have."""
    known = {ref: named_by_id(ref) for ref in refs}
    asked = [ref for ref, tip in known.items() if tip is None]
    if not asked:
        return dict(known)
    with scratch.folder() as made:
        repository = Repository.create(Guard(made, limits, cancelled))
        return known | Remote.of(url, repository, policy=policy, token=token).tips(asked)


def fetch(
    source: GitSource,
    into: Path,
    *,
    token: str | None,
    policy: Policy,
    cancelled: Callable[[], bool],
    limits: Limits = DEFAULT,
    cache: Cache | None = None,
) -> Fetched:
    """Put the source's folder at its ref into `into`, which must be empty or not exist.

    https only, and http from hosts that the operator allowed. `token` is a bare token or `user:password`.
    `cancelled` is asked about every 0.1 s. Scratch space is beside `into`. With a `cache`, a commit that it keeps
    is not fetched again; a ref is always asked for. After an error `into` may hold a part of the files: throw it
    away.

    Raises Invalid (egress_refused, git_authentication_required, git_authentication_failed,
    git_repository_not_found, git_redirect_refused, ref_not_found, folder_not_found, source_has_links,
    source_path_refused, source_not_written), TooLarge (source_too_large, source_too_many_files), Conflict
    (fetch_canceled), RateLimited (git_rate_limited), UpstreamFailed (host_not_found, git_unreachable,
    git_tls_failed, git_failed, fetch_timed_out) or Unavailable (git_missing, git_too_old, disk_full).
    """

    def once() -> Fetched:
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=into.parent) as made:
            guard = Guard(Path(made), limits, cancelled)
            remote = Remote.of(source.url, Repository.create(guard), policy=policy, token=token)
            tip = named_by_id(source.ref) or remote.tip(source.ref)
            while True:
                try:
                    with _repository(remote, tip, guard, cache) as repository:
                        return _write(repository, source.folder, tip, into)
                except _Moved as moved:
                    tip = moved.tip
                except GitFailed:
                    shutil.rmtree(into)
                    raise

    try:
        return git_cache.again(once)
    except GitFailed as failed:
        raise git_failures.not_written(failed.stderr) from None


class _Moved(Exception):
    """An older server hands out a branch as it stands by now, which is not what was asked for."""

    def __init__(self, tip: Tip) -> None:
        super().__init__(tip.revision)
        self.tip = tip


@contextlib.contextmanager
def _repository(remote: Remote, tip: Tip, guard: Guard, cache: Cache | None) -> Iterator[Repository]:
    def bring(repository: Repository) -> None:
        got = replace(remote, repository=repository).fetch(tip)
        if got != tip:
            raise _Moved(got)

    if cache is None:
        cache = Cache(guard.folder / "once", "")
    with cache.repository(str(remote.target.url), tip.revision, guard, bring) as repository:
        yield repository


def _write(repository: Repository, folder: str, tip: Tip, into: Path) -> Fetched:
    listing = repository.list(tip.revision, folder)
    repository.write(tip.revision, folder, into)
    commit = repository.describe(tip.revision)
    return Fetched(
        path=into,
        revision=tip.revision,
        ref=tip.ref,
        author=commit.author,
        message=commit.message,
        committed_at=commit.committed_at,
        submodules=tuple(listing.submodules),
        lfs_pointers=files.lfs_pointers(into, listing.files),
    )

"""One repository on its host: where a ref stands, and getting one commit of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from spaceport import errors
from spaceport.egress.policy import Policy, Target
from spaceport.sources import git_environment, git_failures
from spaceport.sources.git_environment import Credential
from spaceport.sources.git_repository import GitFailed, Repository

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHALLOW = ("fetch", "--quiet", "--no-tags", "--depth=1", "--")
_FULL = ("fetch", "--quiet", "--no-tags", "--")
_FETCHED = "refs/fetched"


class Tip(NamedTuple):
    """Where a ref stood. `ref` is its full name, None for a commit id."""

    revision: str
    ref: str | None


def named_by_id(ref: str | None) -> Tip | None:
    """The tip that a full commit id names by itself."""
    lowered = (ref or "").lower()
    return Tip(lowered, None) if _FULL_ID.fullmatch(lowered) else None


@dataclass(frozen=True, slots=True)
class Remote:
    """Reached at the address the policy checked, whatever its name resolves to meanwhile."""

    target: Target
    credential: Credential | None
    repository: Repository

    @classmethod
    def of(cls, url: str, repository: Repository, *, policy: Policy, token: str | None) -> "Remote":
        return cls(policy.resolve(url, require_tls=True), Credential(token) if token else None, repository)

    def tip(self, ref: str | None) -> Tip:
        """Raises errors.Invalid(code="ref_not_found"). A branch wins over a tag of the same name."""
        found = self.tips([ref])[ref]
        if found is None:
            raise git_failures.ref_not_found(ref)
        return found

    def tips(self, refs: Iterable[str | None]) -> dict[str | None, Tip | None]:
        """Where each of them stands, for one question to the host; None for a ref that it does not have."""
        wanted = {ref: _candidates(ref) for ref in refs}
        names = [name for candidates in wanted.values() for name in candidates]
        patterns = [*names, *(f"{name}^{{}}" for name in names)]
        stands, head = _read(self._ask("ls-remote", "--symref", "--", str(self.target.url), *patterns))
        return {ref: _tip(candidates, stands, head) for ref, candidates in wanted.items()}

    def fetch(self, tip: Tip) -> Tip:
        """That commit alone where the server hands it out, else by the name it had. The tip that was got."""
        wanted = tip.revision
        try:
            self._run(*_SHALLOW, str(self.target.url), wanted)
        except GitFailed as failed:
            if git_failures.no_such_object(failed.stderr):
                raise git_failures.ref_not_found(tip.revision) from None
            if not git_failures.only_by_name(failed.stderr):
                raise self._explain(failed) from None
            wanted = self._fetch_by_name(tip)
        return Tip(self._commit(wanted), tip.ref)

    def bring(self, *revisions: str, options: tuple[str, ...]) -> None:
        """Fetch commits by their ids. Raises Invalid(code="ref_not_found") for one that the host does not have."""
        try:
            self._run("fetch", "--quiet", "--no-tags", *options, "--", str(self.target.url), *revisions)
        except GitFailed as failed:
            if git_failures.no_such_object(failed.stderr) or git_failures.only_by_name(failed.stderr):
                raise git_failures.ref_not_found(revisions[0]) from None
            raise self._explain(failed) from None

    def _fetch_by_name(self, tip: Tip) -> str:
        """Older servers: the branch as it stands by now, or for a bare commit id the whole history."""
        if tip.ref is not None:
            self._ask(*_SHALLOW, str(self.target.url), f"+{tip.ref}:{_FETCHED}")
            return _FETCHED
        spaces = (f"+refs/{space}/*:{_FETCHED}/{space}/*" for space in ("heads", "tags"))
        self._ask(*_FULL, str(self.target.url), *spaces)
        return tip.revision

    def _commit(self, name: str) -> str:
        try:
            return self.repository.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
        except GitFailed:
            raise git_failures.ref_not_found(name) from None

    def _ask(self, *arguments: str) -> str:
        try:
            return self._run(*arguments)
        except GitFailed as failed:
            raise self._explain(failed) from None

    def _run(self, *arguments: str) -> str:
        return self.repository.run(*arguments, variables=git_environment.network(self.target, self.credential))

    def _explain(self, failed: GitFailed) -> errors.SpaceportError:
        return git_failures.explain(failed.stderr, host=self.target.url.host, credential=self.credential)


def _tip(candidates: tuple[str, ...], stands: dict[str, str], head: str | None) -> Tip | None:
    for name in candidates:
        if name in stands:
            # A tag with a message is an object of its own; ^{} is the commit it means.
            return Tip(stands.get(f"{name}^{{}}", stands[name]), head if name == "HEAD" else name)
    return None


def _candidates(ref: str | None) -> tuple[str, ...]:
    if ref in (None, "HEAD"):
        return ("HEAD",)
    return (ref,) if ref.startswith("refs/") else (f"refs/heads/{ref}", f"refs/tags/{ref}")


def _read(listed: str) -> tuple[dict[str, str], str | None]:
    """Name to commit id, and the branch HEAD stands for (`ref: refs/heads/main`, a tab, `HEAD`)."""
    stands: dict[str, str] = {}
    head = None
    for line in listed.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            head = value.removeprefix("ref: ")
        elif _FULL_ID.fullmatch(value):
            stands[name] = value
    return stands, head

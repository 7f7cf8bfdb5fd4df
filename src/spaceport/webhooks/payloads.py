"""What a delivery says, in one form for all hosts. Pure, and a hint only: nothing here is believed further than that.

Whatever is missing or of another type reads as absent: a host may change its payloads, and nothing may break then.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

from spaceport import text
from spaceport.webhooks.providers import HEADERS, Provider, first

NOTHING = "0" * 40
MAX_REFS = 100
_MAX_FILES = 20_000
_LONGEST_MESSAGE = 2000
_LONGEST_REF = 300
# GitHub lists no more commits than this in a delivery, and no more files than this in a commit.
_GITHUB_COMMITS, _GITHUB_FILES = 2048, 3000


@dataclass(frozen=True, slots=True)
class Push:
    """A ref that moved. `before` or `after` is None where it was made or deleted.

    `files` were added, changed or removed; None when the host did not list all of them. They are not `exact` where
    the host does not say that a push took commits away: what those had changed is changed back, and not listed.
    `default_branch` is None when the host did not say.
    """

    ref: str
    before: str | None
    after: str | None
    message: str = ""
    files: frozenset[str] | None = None
    default_branch: str | None = None
    exact: bool = True

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None

    @property
    def tag(self) -> str | None:
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else None


@dataclass(frozen=True, slots=True)
class Said:
    """`ping` verifies the set-up. `why` says what is wrong with a delivery that tells of no push."""

    event: str
    repository: str | None = None
    pushes: tuple[Push, ...] = ()
    ping: bool = False
    why: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)


def read(provider: Provider, headers: Mapping[str, str], body: bytes) -> Said:
    """Never raises for what a host could send."""
    event = first(headers, HEADERS[provider].event)
    try:
        document = _document(headers, body)
    except (ValueError, RecursionError):
        return Said(event or "unknown", why="Its payload is not JSON.")
    if not isinstance(document, dict):
        return Said(event or "unknown", why="Its payload is not a JSON object.")
    said = _READERS[provider](event, document)
    if not (said.ping or said.pushes or said.why):
        return Said(said.event, said.repository, why=f"Events of the kind {said.event} deploy nothing.")
    # A ref that is named twice counts as it was named last.
    return replace(said, pushes=tuple({push.ref: push for push in said.pushes}.values()))


def _document(headers: Mapping[str, str], body: bytes) -> Any:
    """GitHub and Gitea may be told to send a form, with the JSON in one field of it."""
    if headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        [payload] = parse_qs(body.decode(), max_num_fields=10).get("payload", [""])
        return json.loads(payload)
    return json.loads(body)


def _github(event: str, document: dict[str, Any]) -> Said:
    repository = _text(_map(document, "repository"), "full_name")
    if event != "push":
        return Said(event or "unknown", repository, ping=event == "ping", document=document)
    complete = len(_list(document, "commits")) < _GITHUB_COMMITS and not document.get("forced")
    return _pushed(event, repository, document, complete=complete)


def _gitlab(event: str, document: dict[str, Any]) -> Said:
    repository = _text(_map(document, "project"), "path_with_namespace")
    if _text(document, "object_kind") not in ("push", "tag_push"):
        return Said(event or "unknown", repository, document=document)
    complete = document.get("total_commits_count") == len(_list(document, "commits"))
    return _pushed(event, repository, document, complete=complete, exact=False)


def _gitea(event: str, document: dict[str, Any]) -> Said:
    repository = _text(_map(document, "repository"), "full_name")
    if event != "push":
        return Said(event or "unknown", repository, ping=event == "ping", document=document)
    # It lists five commits by default, and says in newer versions how many there were.
    complete = document.get("total_commits") == len(_list(document, "commits"))
    return _pushed(event, repository, document, complete=complete, exact=False)


def _pushed(
    event: str, repository: str | None, document: dict[str, Any], *, complete: bool, exact: bool = True
) -> Said:
    """One push in GitHub's form, which GitLab and Gitea share."""
    ref, before, after = _text(document, "ref"), _sha(document, "before"), _sha(document, "after")
    deleted = set(_text(document, "after") or "") == {"0"}
    if not ref or not (after or deleted):
        return Said(event, repository, why="It does not say what moved to which commit.", document=document)
    commits = _list(document, "commits")
    head = _map(document, "head_commit") or next((each for each in commits if _text(each, "id") == after), {})
    files = _files(commits) if complete and commits and before else None
    default = next(
        filter(None, (_text(_map(document, name), "default_branch") for name in ("repository", "project"))), None
    )
    push = _made(ref, before, after, _text(head, "message") or "", files, default)
    return Said(event, repository, (replace(push, exact=exact),), document=document)


def _bitbucket(event: str, document: dict[str, Any]) -> Said:
    """Lists no files, and up to five commits; newest first."""
    repository = _map(document, "repository")
    name = _text(repository, "full_name")
    if event != "repo:push":
        # The button "Test connection" sends diagnostics:ping.
        return Said(event or "unknown", name, ping=event == "diagnostics:ping", document=document)
    default = _text(_map(repository, "mainbranch"), "name")
    return Said(event, name, tuple(_bitbucket_pushes(document, default)), document=document)


def _bitbucket_pushes(document: dict[str, Any], default: str | None) -> Iterator[Push]:
    for change in _list(_map(document, "push"), "changes")[:MAX_REFS]:
        old, new = _map(change, "old"), _map(change, "new")
        kind, name = _text(new or old, "type"), _text(new or old, "name")
        if not name:
            continue
        before, after = (_sha(_map(side, "target"), "hash") for side in (old, new))
        message = _text(_map(new, "target"), "message") or ""
        ref = f"refs/tags/{name}" if kind in ("tag", "annotated_tag") else f"refs/heads/{name}"
        yield _made(ref, before, after, message, None, default)


def _huggingface(_: str, document: dict[str, Any]) -> Said:
    """Says which refs moved, and neither files nor messages. Its default branch is always main."""
    happened, repo = _map(document, "event"), _map(document, "repo")
    scope, action = _text(happened, "scope") or "unknown", _text(happened, "action") or "unknown"
    kind, name = _text(repo, "type"), _text(repo, "name")
    prefix = {"space": "spaces/", "dataset": "datasets/"}.get(kind or "", "")
    repository = f"{prefix}{name}" if name else None
    event = f"{scope}.{action}"
    if scope.partition(".")[0] != "repo":
        return Said(event, repository, document=document)
    moved = [ref for ref in _list(document, "updatedRefs")[:MAX_REFS] if _text(ref, "ref")]
    pushes = [
        _made(_text(ref, "ref") or "", _sha(ref, "oldSha"), _sha(ref, "newSha"), "", None, "main") for ref in moved
    ]
    return Said(event, repository, tuple(pushes), document=document)


def _made(
    ref: str, before: str | None, after: str | None, message: str, files: frozenset[str] | None, default: str | None
) -> Push:
    return Push(ref[:_LONGEST_REF], before, after, message[:_LONGEST_MESSAGE], files, default)


def _files(commits: list[Any]) -> frozenset[str] | None:
    """Every path that a commit names; None when one of them does not list its files, or too many, or no real names."""
    found: set[str] = set()
    for commit in commits:
        for kind in ("added", "modified", "removed"):
            listed = commit.get(kind) if isinstance(commit, dict) else None
            if not isinstance(listed, list) or len(listed) >= _GITHUB_FILES:
                return None
            found.update(path for path in listed if isinstance(path, str))
    names = "".join(found)
    return frozenset(found) if len(found) <= _MAX_FILES and text.mended(names) == names else None


def _map(document: Any, name: str) -> dict[str, Any]:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}


def _list(document: Any, name: str) -> list[Any]:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, list) else []


def _text(document: Any, name: str) -> str | None:
    value = document.get(name) if isinstance(document, dict) else None
    return text.mended(value[:_LONGEST_MESSAGE]) if isinstance(value, str) and value else None


def _sha(document: Any, name: str) -> str | None:
    """A commit id; None for the zeroes that stand for no commit."""
    value = _text(document, name)
    hexadecimal = value is not None and len(value) in (40, 64) and not set(value) - set("0123456789abcdef")
    return value if value and hexadecimal and set(value) != {"0"} else None


_READERS: Mapping[Provider, Callable[[str, dict[str, Any]], Said]] = {
    Provider.GITHUB: _github,
    Provider.GITLAB: _gitlab,
    Provider.BITBUCKET: _bitbucket,
    Provider.GITEA: _gitea,
    Provider.FORGEJO: _gitea,
    Provider.HUGGINGFACE: _huggingface,
}

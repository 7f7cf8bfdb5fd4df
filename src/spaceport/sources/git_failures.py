"""Git's words for what went wrong, turned into one of our errors with a sentence and a fix."""

import re
from typing import NamedTuple

from spaceport import errors
from spaceport.sources.git_environment import Credential

_SHOWN = 300
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class _Failure(NamedTuple):
    pattern: re.Pattern[str]
    error: type[errors.SpaceportError]
    code: str
    message: str
    fix: str


def explain(stderr: str, *, host: str, credential: Credential | None) -> errors.SpaceportError:
    """The first failure that stderr (of a git run under LC_ALL=C) matches, without any secret."""
    said = credential.scrub(stderr) if credential else stderr
    for failure in _table(credential is not None):
        if failure.pattern.search(said):
            return failure.error(failure.message.format(host=host), code=failure.code, fix=failure.fix)
    return errors.UpstreamFailed(
        f"Git could not fetch from {host}: {_last_line(said)}",
        code="git_failed",
        fix="Check that the address can be cloned with git on another machine.",
    )


def not_written(stderr: str) -> errors.SpaceportError:
    """Of a commit that was fetched, and whose files Git refuses to list or to write."""
    if _NO_SPACE.pattern.search(stderr):
        return _NO_SPACE.error(_NO_SPACE.message, code=_NO_SPACE.code, fix=_NO_SPACE.fix)
    return errors.Invalid(
        f"Git does not write the files of this commit: {_last_line(stderr)}",
        code="source_not_written",
        fix="Run git fsck in the repository, and commit again without what it names.",
    )


def only_by_name(stderr: str) -> bool:
    """Whether the server hands out branches and tags only, not any commit."""
    return "unadvertised object" in stderr


def no_such_object(stderr: str) -> bool:
    """Whether the server looked for the commit and has none."""
    return "not our ref" in stderr


def ref_not_found(ref: str | None) -> errors.Invalid:
    if ref is None:
        return errors.Invalid(
            "The repository is empty: it has no default branch.",
            code="ref_not_found",
            fix="Push a first commit, or name a branch that exists.",
        )
    fix = "Check the spelling, and that the branch or tag was pushed."
    if re.fullmatch(r"[0-9a-f]{4,39}", ref):
        fix += " A commit must be given with all of its 40 characters."
    return errors.Invalid(f"The repository has no branch, tag or commit {ref!r}.", code="ref_not_found", fix=fix)


def _last_line(text: str) -> str:
    lines = [_NO_TEXT.sub(" ", line).strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "no reason given")[:_SHOWN]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _table(with_credential: bool) -> tuple[_Failure, ...]:
    return (_TOKEN_REFUSED if with_credential else _TOKEN_MISSING, *_FAILURES)


_DENIED = _pattern(r"could not read (username|password)|authentication failed|returned error: 40[13]\b")
_TOKEN_REFUSED = _Failure(
    _DENIED,
    errors.Invalid,
    "git_authentication_failed",
    "{host} refused the token, or the token may not read this repository.",
    "Set a token that is valid and may read the repository's contents.",
)
_TOKEN_MISSING = _Failure(
    _DENIED,
    errors.Invalid,
    "git_authentication_required",
    "{host} asks for a token: the repository is private or does not exist.",
    "Check the address; for a private repository add a token that may read it.",
)
_NO_SPACE = _Failure(
    _pattern(r"no space left on device"),
    errors.Unavailable,
    "disk_full",
    "This server has no disk space left for the source.",
    "The operator can free space in DATA_DIR.",
)
_FAILURES = (
    _Failure(
        _pattern(r"returned error: 404\b|repository .* not found|repository not found"),
        errors.Invalid,
        "git_repository_not_found",
        "{host} has no such repository, or it is private.",
        "Check the address; for a private repository add a token that may read it.",
    ),
    _Failure(
        _pattern(r"returned error: 3\d\d\b|unable to update url base from redirection"),
        errors.Invalid,
        "git_redirect_refused",
        "{host} redirects this address elsewhere, and redirects are not followed.",
        "Use the repository's present clone address; some hosts need it to end in .git.",
    ),
    _Failure(
        _pattern(r"returned error: 429\b"),
        errors.RateLimited,
        "git_rate_limited",
        "{host} says that it was asked too often.",
        "Wait a few minutes, or add a token: hosts allow more with one.",
    ),
    _Failure(
        _pattern(r"certificate|SSL|TLS|gnutls"),
        errors.UpstreamFailed,
        "git_tls_failed",
        "No trusted TLS connection to {host} is possible.",
        "Check the host's certificate: its name, its dates and who signed it.",
    ),
    _Failure(
        _pattern(r"not valid: is this a git repository|dumb http transport"),
        errors.Invalid,
        "git_repository_not_found",
        "The address at {host} is not a Git repository.",
        "Use the address that the host shows for cloning with HTTPS.",
    ),
    _Failure(
        _pattern(
            r"could not resolve host|failed to connect|couldn't connect|connection (refused|reset|timed out)"
            r"|network is unreachable|empty reply|returned error: 5\d\d\b"
            r"|hung up|early EOF|operation too slow|timed out"
        ),
        errors.UpstreamFailed,
        "git_unreachable",
        "{host} cannot be reached or does not answer properly.",
        "Try again later; check that the address is right and the host is up.",
    ),
    _NO_SPACE,
    _Failure(
        _pattern(r"transport '.*' not allowed|protocol '.*' is not supported"),
        errors.Invalid,
        "unsupported_protocol",
        "Only https clone addresses are supported.",
        "Use a form like https://github.com/owner/name.",
    ),
)

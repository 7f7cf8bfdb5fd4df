"""What a clone URL, a ref, a folder and a file name may look like. Pure: no network, no disk."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from spaceport import errors
from spaceport.egress import urls
from spaceport.sources.limits import DEFAULT, Limits

_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+):(?P<path>[^/\\].*)")
_SSH = re.compile(r"ssh://(?:[\w.-]+@)?(?P<host>[\w.-]+)(?::\d+)?/(?P<path>.+)")
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_URL_PATH = re.compile(r"(/[\w.~!*+,=@%-]+)+/?", re.ASCII)
_REF_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(^|/)\.|\.lock(/|$)|^[-/]|[/.]$|^@$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_COMPONENT_BYTES = 255
_DRIVE = re.compile(r"[A-Za-z]:")
# Characters that macOS leaves out when it compares names.
_IGNORED = re.compile(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_ENCODED = re.compile(r"%([01][0-9a-f]|7f|2f|5c)", re.IGNORECASE)


def clone_url(text: str) -> str:
    """The URL unchanged. Raises errors.Invalid; whether its host may be reached is the policy's to say."""
    if not _HTTP.match(text):
        raise _unsupported(text)
    url = urls.parse(text)
    if url.query:
        urls.refuse("The repository's address contains a query (?…).", "Give the plain https clone address.")
    if "$" in url.path:
        urls.refuse("The repository's address contains a $.", "Give the plain https clone address.")
    if not _URL_PATH.fullmatch(url.path):
        urls.refuse("The address does not name a repository.", "Use a form like https://github.com/owner/name.")
    if _ENCODED.search(url.path):
        urls.refuse("The address contains an encoded control character or slash.", "Write the path as it is.")
    if {".", ".."}.intersection(unquote(url.path).split("/")):
        urls.refuse("The address contains . or .. as a folder.", "Give the plain https clone address.")
    return text


def ref(text: str) -> str:
    """A branch, tag, full `refs/…` name or commit id, after `git check-ref-format`. Raises errors.Invalid."""
    if not text or len(text) > _COMPONENT_BYTES or _REF_BAD.search(text) or not text.isprintable():
        raise errors.Invalid(
            "The ref is not a valid Git branch, tag or commit.",
            code="ref_invalid",
            fix="Give a branch such as main, a tag such as v1.2, or a full commit id.",
        )
    return text


def folder(text: str) -> str:
    """A relative folder without `./` or trailing slash; "" is the whole source. Raises errors.Invalid."""
    if text in ("", ".", "./"):
        return ""
    if text.startswith("-") or "$" in text:
        raise _bad_path(text, "begins with - or contains a $", code="folder_invalid")
    return str(path(text, code="folder_invalid"))


def path(text: str, *, limits: Limits = DEFAULT, code: str = "source_path_refused") -> PurePosixPath:
    """A file's or folder's name inside a source, as a clean relative path, or errors.Invalid with `code`."""
    parts = PurePosixPath(text).parts
    if reason := _path_fault(text, parts, limits):
        raise _bad_path(text, reason, code=code)
    return PurePosixPath(*parts)


def _path_fault(text: str, parts: tuple[str, ...], limits: Limits) -> str | None:
    longest = max((len(_utf8(part)) for part in parts), default=0)
    faults = {
        "contains a control character or is not valid UTF-8": _CONTROL.search(text) is not None,
        "contains a backslash": "\\" in text,
        "is absolute": text.startswith("/"),
        "is empty": not parts,
        "contains ..": ".." in parts,
        "begins with a drive letter": _DRIVE.match(text) is not None,
        "leads into .git": any(_is_git(part) for part in parts),
        f"is more than {limits.depth} folders deep": len(parts) > limits.depth,
        f"is longer than {limits.path_bytes} bytes": len(_utf8(text)) > limits.path_bytes,
        f"has a part longer than {_COMPONENT_BYTES} bytes": longest > _COMPONENT_BYTES,
    }
    return next((reason for reason, found in faults.items() if found), None)


def _is_git(part: str) -> bool:
    """Also as Windows and macOS read it, where somebody may clone the Space."""
    name = _IGNORED.sub("", part).partition(":")[0].rstrip(". ").lower()
    return name in (".git", "git~1")


def _utf8(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _bad_path(text: str, reason: str, *, code: str) -> errors.Invalid:
    shown = _CONTROL.sub("�", text[:200])
    return errors.Invalid(
        f"The path {shown!r} {reason}.",
        code=code,
        fix="Rename it, or choose a folder of the source without it.",
    )


def _unsupported(text: str) -> errors.Invalid:
    message = "Only https:// clone addresses are supported."
    fix = "Use a form like https://github.com/owner/name."
    if match := _SSH.fullmatch(text) or _SCP.fullmatch(text):
        suggestion = f"https://{match['host']}/{match['path']}"
        if "::" not in text and text.isprintable():
            message, fix = (
                "SSH clone addresses are not supported.",
                f"Use {suggestion} and a token if it is private.",
            )
    return errors.Invalid(message, code="unsupported_protocol", fix=fix)

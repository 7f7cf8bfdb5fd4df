"""Refusals, as the Hub words them.

The client reads the kind from `X-Error-Code` and the text from `X-Error-Message`. Over plain http a bare 401
or 404 means nothing to it, so every refusal about a repository, a revision or a file carries its code.
"""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class HubError(Exception):
    """`code` is the Hub's `X-Error-Code`; `facts` are further keys of the JSON body."""

    def __init__(self, status: int, message: str, *, code: str = "", **facts: object) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.facts = facts
        self.headers: dict[str, str] = {}


def repository_missing() -> HubError:
    return HubError(404, "Repository not found", code="RepoNotFound")


def sign_in_needed() -> HubError:
    """The Hub's answer to an anonymous caller wherever a repository may be private or missing."""
    return HubError(401, "Invalid username or password.", code="RepoNotFound")


def revision_missing(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def entry_missing(message: str = "Entry not found") -> HubError:
    return HubError(404, message, code="EntryNotFound")


def respond(_request: Request, error: Exception) -> Response:
    """The exception handler of the application for `HubError`."""
    if not isinstance(error, HubError):
        raise error
    headers = error.headers | {"X-Error-Message": _UNPRINTABLE.sub("?", error.message.replace("\n", " "))}
    if error.code:
        headers["X-Error-Code"] = error.code
    return JSONResponse({"error": error.message, **error.facts}, error.status, headers)

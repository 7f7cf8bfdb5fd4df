"""What every door begins with: the caller, the body, the Space and the right to touch it."""

import json
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from localhub import errors
from localhub.accounts import Caller
from localhub.errors import HubError
from localhub.hub import Hub
from localhub.spaces.model import Space

CHALLENGE = {"WWW-Authenticate": 'Basic realm="Authentication required", charset="UTF-8"'}
LARGEST_BODY = 1_500_000_000
"""The Hub takes 1 GB of regular files in a commit, and base64 makes that a third more."""


def hub(request: Request) -> Hub:
    found: Hub = request.app.state.hub
    return found


def caller(request: Request) -> Caller:
    found: Caller = request.state.caller
    return found


def user(request: Request) -> Caller:
    """Raises 401 for an anonymous caller."""
    found = caller(request)
    if found.user is None:
        raise HubError(401, "Invalid username or password.")
    return found


def base(request: Request) -> str:
    """The address the client used, so that what it is told leads back here."""
    return str(request.base_url).rstrip("/")


async def body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """Raises 413 once it is larger than that many bytes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            raise HubError(413, "Payload too large")
        chunks.append(chunk)
    return b"".join(chunks)


async def document(request: Request) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object."""
    raw = await body(request)
    try:
        value = json.loads(raw, parse_constant=_no_number) if raw.strip() else {}
        # JSON may spell half a character, which no text file and no answer can hold.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise HubError(400, "Invalid JSON body")
    return value


async def checked(request: Request, shape: type[BaseModel]) -> dict[str, Any]:
    """The body once it has this shape, without what the shape does not name. Raises 400 for another one."""
    try:
        found = shape.model_validate(await document(request))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise HubError(400, f'"{place}": {first["msg"]}' if place else first["msg"]) from None
    return found.model_dump(by_alias=True, exclude_unset=True)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def text(facts: dict[str, Any], key: str, default: str | None = None) -> str:
    """A string of a body. Raises 400 when it is missing or something else."""
    value = facts.get(key, default)
    if not isinstance(value, str):
        raise HubError(400, f'"{key}" is required and must be a string')
    return value


def number(request: Request, key: str, default: int) -> int:
    """A whole number of the query. Raises 400 for anything else."""
    given = request.query_params.get(key) or str(default)
    if not given.isdecimal():
        raise HubError(400, f'"{key}" must be a number')
    return int(given)


def readable(request: Request) -> Space:
    """The Space of the path. A private one does not exist for whoever may not read it."""
    who, params = caller(request), request.path_params
    space = hub(request).store.find(f"{params['owner']}/{params['name']}")
    if space and (not space.private or hub(request).accounts.is_member(who, space.owner)):
        return space
    raise errors.repository_missing() if who.user else errors.sign_in_needed()


def writable(request: Request) -> Space:
    space = readable(request)
    may_write_to(request, space.owner)
    if not hub(request).accounts.may_change(caller(request), space.owner, space.creator):
        raise HubError(403, "A contributor may change only the repositories that they created")
    return space


def repository(request: Request, *, write: bool) -> Space:
    """The Space of a path that may end in `.git`. git sends its token only once it was asked for it."""
    request.path_params["name"] = request.path_params["name"].removesuffix(".git")
    try:
        return writable(request) if write else readable(request)
    except HubError as error:
        if error.status == 401:
            error.headers |= CHALLENGE
        raise


def may_write_to(request: Request, namespace: str) -> None:
    who = caller(request)
    if who.user is None:
        raise errors.sign_in_needed()
    if who.token and who.token.role == "read":
        raise HubError(403, "Forbidden: this token has only read access, a token with write access is needed")
    if not hub(request).accounts.may_write(who, namespace):
        raise HubError(403, f'You don\'t have the rights to write under the namespace "{namespace}"')


def rest(request: Request, marker: str) -> list[str]:
    """The parts of the path after `/<marker>/`. Cut first, unquoted then: a quoted slash belongs to a name."""
    raw = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
    return [unquote(part) for part in raw.split(f"/{marker}/", 1)[1].split("/") if part]

"""One message from a form to the page that follows it, in a cookie that the page uses up."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from spaceport.dashboard import cookies, words
from spaceport.errors import SpaceportError

_LONGEST = 600
_SECONDS = 60


@dataclass(frozen=True)
class Flash:
    """`tone` is good or bad."""

    tone: str
    text: str
    fix: str = ""


def redirect(request: Request, to: str, said: Flash | None = None) -> Response:
    """POST → redirect → GET, so that reloading sends no form again."""
    response = RedirectResponse(to, 303)
    if said is not None:
        short = Flash(said.tone, said.text[:_LONGEST], said.fix[:_LONGEST])
        value = base64.urlsafe_b64encode(json.dumps(asdict(short)).encode()).decode()
        cookies.write(request, response, cookies.FLASH, value, seconds=_SECONDS)
    return response


def of(error: SpaceportError) -> Flash:
    return Flash("bad", error.message, fix(error))


def fix(error: SpaceportError) -> str:
    """What to do next, said for somebody at a page where the error says it for a program."""
    return words.FIXES.get(error.code, error.fix)


def take(request: Request) -> Flash | None:
    value = cookies.read(request, cookies.FLASH)
    if not value:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(value))
        return Flash(str(found["tone"]), str(found["text"]), str(found["fix"]))
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None

"""Forms as they are sent: by one of our own pages, by whoever is signed in, and turned into what the domain takes."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.datastructures import FormData, UploadFile

from spaceport.dashboard import cookies, security
from spaceport.errors import Forbidden, Invalid, Unauthorized

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field

_MOST_FIELDS = 200

Model = TypeVar("Model", bound=BaseModel)


class Form:
    """The fields of a form: text stripped of blanks around it, a password as it is."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def text(self, name: str) -> str:
        return self.exact(name).strip()

    def exact(self, name: str) -> str:
        value = self._data.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Of a field that is there several times, such as boxes."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def lines(self, name: str) -> str:
        """What stands in a text area: browsers send every line break as two characters."""
        return self.exact(name).replace("\r\n", "\n")

    def file(self, name: str) -> UploadFile | None:
        value = self._data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def given(self, *names: str) -> dict[str, str]:
        """Those that were filled in."""
        return {name: value for name in names if (value := self.text(name))}


def token(session_cookie: str) -> str:
    """Bound to the session: what one visitor was given opens no form of another, nor of their own next session."""
    return hmac.new(session_cookie.encode(), b"form", hashlib.sha256).hexdigest()


async def sent(request: Request) -> AsyncIterator[Form]:
    """A form that needs nobody to be signed in: signing in and up, and the theme."""
    security.require_own_form(request)
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as data:
        yield Form(data)


async def sent_signed_in(request: Request) -> AsyncIterator[Form]:
    """Looked at before the body is read, as far as it can be: strangers upload nothing."""
    cookie = cookies.read(request, cookies.SESSION)
    if cookie is None:
        raise Unauthorized("You are not signed in.", code="not_signed_in", fix="Sign in, then try again.")
    security.require_own_form(request)
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as data:
        form = Form(data)
        if not hmac.compare_digest(form.exact(TOKEN_FIELD).encode(), token(cookie).encode()):
            raise Forbidden(
                "This page is of an earlier session, so nothing was done.",
                code="form_outdated",
                fix="Reload the page and send the form again.",
            )
        yield form


Sent = Annotated[Form, Depends(sent_signed_in)]
# For a form whose fields nobody reads: it is only pressed.
OWN_FORM = [Depends(sent_signed_in)]


def parsed(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Raises Invalid `form_invalid` with one sentence per field that is wrong."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        found = {str(each["loc"][0] if each["loc"] else ""): _said(each) for each in error.errors(include_input=False)}
        sentences = [
            f"{field.replace('_', ' ').capitalize()}: {said}".removeprefix(": ") for field, said in found.items()
        ]
        raise Invalid(" ".join(sentences), code="form_invalid", fields=list(found)) from None


def _said(error: ErrorDetails) -> str:
    if error["type"] == "string_pattern_mismatch":
        return "this has characters that cannot stand there, or begins with a wrong one."
    return error["msg"].removeprefix("Value error, ").rstrip(".") + "."

"""Errors as pages: what happened and what to do next. Never a traceback, never a bare code."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from spaceport import errors, http_status
from spaceport.dashboard import cookies, flash, render

_LOST = errors.NotFound(
    "There is no such page.", code="page_not_found", fix="It may have been moved or deleted; your Spaces are listed."
)
_BROKEN = errors.UpstreamFailed(
    "Something went wrong on our side.",
    code="internal",
    fix="Try again. If it stays, give the request id to whoever runs this instance.",
)


def install(app: FastAPI) -> None:
    # Their types are narrower than the ones Starlette declares, which is how its handlers work.
    app.add_exception_handler(errors.Unauthorized, _sign_in_first)  # type: ignore[arg-type]
    app.add_exception_handler(errors.SpaceportError, _expected)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _lost)
    app.add_exception_handler(HTTPException, _by_the_framework)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)


async def _sign_in_first(request: Request, _error: errors.Unauthorized) -> Response:
    to = "/sign-in"
    if request.method == "GET" and request.url.path != "/" and not render.asked_by_htmx(request):
        to += f"?next={quote(request.url.path)}"
    response = flash.redirect(request, to)
    if render.asked_by_htmx(request):
        # A fragment cannot show a page: htmx is told to go there.
        response = Response(status_code=204, headers={"HX-Redirect": to})
    if cookies.read(request, cookies.SESSION) is not None:
        cookies.forget(request, response, cookies.SESSION)
    return response


async def _expected(request: Request, error: errors.SpaceportError) -> Response:
    """A refused action goes back to its page and says so there; anything else is a page of its own."""
    if error.code == "space_moved" and request.method == "GET":
        below = request.url.path.split("/", 4)[4:]
        return flash.redirect(request, "/".join(["/spaces", str(error.facts["moved_to"]), *below]))
    refused = isinstance(error, errors.Conflict | errors.Invalid | errors.UpstreamFailed | errors.Unavailable)
    back = urlsplit(request.headers.get("referer", ""))
    if request.method == "POST" and refused and back.netloc == request.headers.get("host"):
        return flash.redirect(request, back._replace(scheme="", netloc="").geturl() or "/", flash.of(error))
    return _page(request, error, http_status.of(error))


async def _lost(request: Request, _error: Exception) -> Response:
    return _page(request, _LOST, HTTPStatus.NOT_FOUND)


async def _by_the_framework(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return await _lost(request, error)
    said = errors.Invalid(f"{error.detail}.", code="refused", fix="Go back and try again.")
    return _page(request, said, HTTPStatus(error.status_code))


async def _unexpected(request: Request, _error: Exception) -> Response:
    """Says nothing of the cause. Starlette raises it again after this answer, so the server's log has it."""
    return _page(request, _BROKEN, HTTPStatus.INTERNAL_SERVER_ERROR)


def _page(request: Request, error: errors.SpaceportError, status: HTTPStatus) -> Response:
    request_id = getattr(request.state, "request_id", "")
    said: dict[str, Any] = {"error": error, "fix": flash.fix(error), "http_status": status, "request_id": request_id}
    return render.page(request, "error.html", status=status, **said)

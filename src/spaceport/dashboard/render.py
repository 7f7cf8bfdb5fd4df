"""Templates into answers. One fragment is one template: for the page, for what htmx fetches, and for the storybook."""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from spaceport import clock, errors, http_status
from spaceport.dashboard import assets, cookies, drift_words, flash, forms, push_words, words

TEMPLATES = Path(__file__).parent / "templates"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals.update(
    asset=assets.address,
    words=words,
    push_words=push_words,
    drift_words=drift_words,
    form_token_field=forms.TOKEN_FIELD,
)
_environment.filters.update(
    age=lambda at: words.age(at, clock.now()), duration=words.duration, usd=words.usd, moment=words.moment
)


def page(
    request: Request,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    refused: errors.SpaceportError | None = None,
    **context: Any,
) -> Response:
    """A whole page, with the message that a form left for it, or with why the form that is shown again was refused."""
    said = flash.of(refused) if refused else context.pop("said", None) or flash.take(request)
    status = http_status.of(refused) if refused else status
    response = HTMLResponse(text(request, template, said=said, **context), status)
    if cookies.read(request, cookies.FLASH):
        cookies.forget(request, response, cookies.FLASH)
    return response


def fragment(request: Request, template: str, **context: Any) -> Response:
    return HTMLResponse(text(request, template, **context))


def asked_by_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def text(request: Request, template: str, **context: Any) -> str:
    """What a page or a fragment is made of, and the storybook all of itself."""
    cookie = cookies.read(request, cookies.SESSION)
    theme = cookies.read(request, cookies.THEME)
    return _environment.get_template(template).render(
        caller=getattr(request.state, "caller", None),
        form_token=forms.token(cookie) if cookie else "",
        path=_path(request),
        theme=theme if theme in {"light", "dark"} else "",
        now=clock.now(),
        **context,
    )


def _path(request: Request) -> str:
    """Of the page that is shown. The answer to a form is shown in the place of the page that has the form."""
    if request.method == "GET":
        return request.url.path
    return urlsplit(request.headers.get("referer", "")).path or "/"


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


_environment.filters["iso"] = iso

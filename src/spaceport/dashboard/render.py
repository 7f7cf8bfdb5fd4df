"""Templates into answers. One fragment is one template: for the page, for what htmx fetches, and for the storybook."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from spaceport import clock
from spaceport.dashboard import assets, cookies, flash, forms, words

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals.update(asset=assets.address, words=words, form_token_field=forms.TOKEN_FIELD)
_environment.filters.update(age=lambda at: words.age(at, clock.now()), duration=words.duration, usd=words.usd)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A whole page, with the message that a form left for it."""
    said = context.pop("said", None) or flash.take(request)
    response = HTMLResponse(_rendered(request, template, said=said, **context), status)
    if cookies.read(request, cookies.FLASH):
        cookies.forget(request, response, cookies.FLASH)
    return response


def fragment(request: Request, template: str, **context: Any) -> Response:
    return HTMLResponse(_rendered(request, template, **context))


def asked_by_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _rendered(request: Request, template: str, **context: Any) -> str:
    cookie = cookies.read(request, cookies.SESSION)
    theme = cookies.read(request, cookies.THEME)
    return _environment.get_template(template).render(
        caller=getattr(request.state, "caller", None),
        form_token=forms.token(cookie) if cookie else "",
        path=request.url.path,
        theme=theme if theme in {"light", "dark"} else "",
        now=clock.now(),
        **context,
    )


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


_environment.filters["iso"] = iso

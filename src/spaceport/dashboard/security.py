"""What every answer of the dashboard forbids the browser, and which requests may change something."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spaceport.errors import Forbidden

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self' {hub}"
)


class SecurityHeaders:
    """Plain ASGI: the ready-made base class would hold up streams.

    The Hub's page may frame the dashboard, because it shows a Space so. That is safe: in a frame of another site the
    browser sends no cookie but one that was given in that very frame.
    """

    def __init__(self, app: ASGIApp, hub: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": _POLICY.format(hub=hub),
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def require_own_form(request: Request) -> None:
    """Raises Forbidden `foreign_form` unless the browser says that one of our own pages sent this.

    The session's token is asked for as well; this holds also before there is a session: nobody is signed in as
    somebody else by a form on another site.
    """
    headers: Headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        if site == "same-origin":
            return
    elif origin is not None and urlsplit(origin).netloc == headers.get("host"):
        return
    raise Forbidden(
        "This form was not sent by a page of this dashboard, so nothing was done.",
        code="foreign_form",
        fix="Open the page here and send its form again.",
    )

"""A limit on the size of requests, before anything reads them: the framework itself takes whatever is sent."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spaceport.api import problems
from spaceport.errors import TooLarge
from spaceport.uploads.commands import MAX_SIZE
from spaceport.webhooks import inbound

MAX_BODY = 1024 * 1024
WEBHOOKS = "/webhooks/"
# Here, and on the dashboard's pages of the same name, archives are taken.
UPLOADS = "/uploads"


class BodyLimitMiddleware:
    """Refuses by `Content-Length`, and while reading what declares none. Plain ASGI: nothing is held up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await _refuse(limit, scope, receive, send)
            return
        body = _Counted(limit, receive, send)
        try:
            await self._app(scope, body.receive, body.send)
        except HTTPException:
            if not body.over:
                raise
        if body.over and not body.answering:
            await _refuse(limit, scope, receive, send)


def _limit(path: str) -> int:
    """An archive has a limit of its own, and comes in a multipart envelope; a push may list thousands of files."""
    if path.endswith(UPLOADS):
        return MAX_SIZE + MAX_BODY
    return inbound.MAX_BODY if path.startswith(WEBHOOKS) else MAX_BODY


class _Counted:
    """What the application says of a body that was cut off is not sent: it would blame the form."""

    def __init__(self, limit: int, receive: Receive, send: Send) -> None:
        self._left = limit
        self._receive = receive
        self._send = send
        self.over = False
        self.answering = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.over = True
            raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        if self.answering or not self.over:
            self.answering = True
            await self._send(message)


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    error = TooLarge(
        f"The request is larger than {limit // 1024 // 1024} MB.",
        code="request_too_large",
        fix=f"Send less; files belong in an archive, with POST /api/v1{UPLOADS}.",
    )
    answer = await problems.expected(Request(scope), error)
    await answer(scope, receive, send)

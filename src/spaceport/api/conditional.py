"""`ETag` and `If-None-Match` on what is read, `If-Match` on what is changed (RFC 9110, sections 8.8.3 and 13.1).

A representation's tag is a hash of its bytes, so that it needs no version column and cannot be forgotten by a route.
A change with `If-Match` compares the tag of what GET answers at the same address, for the same caller, just before.
"""

import hashlib
import re
from typing import cast

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spaceport.api import problems
from spaceport.errors import Conflict, Invalid, PreconditionFailed, SpaceportError
from spaceport.idempotency import changes
from spaceport.instance import Instance

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_CHANGES = frozenset({"PATCH", "PUT", "DELETE"})
_LARGEST = 4 * 1024 * 1024


def weak(text: str) -> str:
    """The `ETag` that a route gives an answer itself: it stays while the answer says this, whatever else is in it."""
    return "W/" + _tag(hashlib.sha256(text.encode()).hexdigest())


class ConditionalMiddleware:
    """Plain ASGI: streams pass through as they come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            await self._app(scope, receive, _Tagged(scope, send).send)
        elif scope["type"] == "http" and scope["method"] in _CHANGES and "if-match" in Headers(scope=scope):
            await self._change(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _change(self, scope: Scope, receive: Receive, send: Send) -> None:
        database = cast("Instance", scope["app"].state.instance).database

        def begin() -> str | None:
            with database.unit_of_work() as session:
                return changes.begin(session, scope["path"])

        def end(run_id: str) -> None:
            with database.unit_of_work() as session:
                changes.end(session, scope["path"], run_id)

        try:
            if (run_id := await run_in_threadpool(begin)) is None:
                raise _at_once()
            try:
                await self._check(scope)
                await self._app(scope, receive, send)
            finally:
                await run_in_threadpool(end, run_id)
        except SpaceportError as error:
            await (await problems.expected(Request(scope), error))(scope, receive, send)

    async def _check(self, scope: Scope) -> None:
        """Raises PreconditionFailed unless the caller knows the present representation."""
        wanted = _tags(Headers(scope=scope)["if-match"])
        answer = await self._read(scope)
        if answer.status == 405:
            raise Invalid(
                "What is at this address cannot be read, so it has no ETag to match.",
                code="if_match_not_possible",
                fix="Send the request without If-Match.",
            )
        if answer.status in {401, 403}:
            return  # the change itself will be refused, and say why
        if answer.status != 200 or not ("*" in wanted or answer.tag in wanted):
            raise PreconditionFailed(
                "It was changed since you read it.",
                code="precondition_failed",
                fix="Read it again, decide again, and send the new ETag as If-Match.",
                etag=answer.tag if answer.status == 200 else None,
            )

    async def _read(self, scope: Scope) -> "_Answer":
        # As if GET had been asked: without a body, a query or conditions.
        left_out = (b"if-", b"content-", b"transfer-", b"idempotency-")
        headers = [(name, value) for name, value in scope["headers"] if not name.startswith(left_out)]
        answer = _Answer()
        inner = {**scope, "method": "GET", "query_string": b"", "headers": headers, "state": dict(scope["state"])}
        await self._app(inner, _nothing, answer.send)
        return answer


class _Answer:
    """An answer that is kept instead of sent."""

    def __init__(self) -> None:
        self.status = 0
        self._body = hashlib.sha256()

    @property
    def tag(self) -> str:
        return _tag(self._body.hexdigest())

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self._body.update(message.get("body", b""))


class _Tagged:
    """Holds a JSON answer back until its tag is known, and says 304 to whoever has it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._known = _tags(Headers(scope=scope).get("if-none-match", ""))
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _taggable(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        headers = MutableHeaders(scope=self._start)
        tag = headers.setdefault("ETag", _tag(hashlib.sha256(self._body).hexdigest()))
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.add_vary_header("Authorization")
        if "*" in self._known or tag.removeprefix("W/") in self._known:
            kept = {name: headers[name] for name in ("etag", "cache-control", "vary", "link") if name in headers}
            not_modified = Response(status_code=304, headers=kept)
            await self._send({"type": "http.response.start", "status": 304, "headers": not_modified.raw_headers})
            await self._send({"type": "http.response.body", "body": b""})
            return
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": self._body})


def _taggable(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    small = int(headers.get("content-length", _LARGEST + 1)) <= _LARGEST
    return start["status"] == 200 and headers.get("content-type", "") == "application/json" and small


def _tag(digest: str) -> str:
    return f'"{digest[:32]}"'


def _tags(header: str) -> set[str]:
    """A proxy that compresses makes a tag weak; the bytes that it stands for are the same."""
    return {"*"} if header.strip() == "*" else {found.removeprefix("W/") for found in _TAG.findall(header)}


def _at_once() -> Conflict:
    return Conflict(
        "Somebody else is changing this at the moment.",
        code="change_in_progress",
        fix="Read it again and send your change with the new ETag.",
        retry_after=1,
    )


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}

"""Around every call: the caller, an id, the quota, a line in the call log, and scripted misfortune."""

import asyncio
import time
import uuid
from email.utils import formatdate
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localhub import clock, credentials
from localhub.accounts import ANONYMOUS, Caller
from localhub.faults import Fault
from localhub.hub import Hub

OWN = "/_localhub"


class Observe:
    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OWN):
            await self._app(scope, receive, send)
            return
        call = _Call(self._hub, scope, send)
        try:
            await call.handle(self._app, receive)
        finally:
            call.record()


class _Call:
    def __init__(self, hub: Hub, scope: Scope, send: Send) -> None:
        self._hub = hub
        self._scope = scope
        self._send = send
        self._began, self._at = time.perf_counter(), clock.now()
        self._status = 0
        self._frames = 0
        self._recorded = False
        self._headers: dict[str, str] = {}
        self._fault: Fault | None = None
        self._who: Caller = ANONYMOUS
        self._token: str | None = None

    async def handle(self, app: ASGIApp, receive: Receive) -> None:
        scope, headers = self._scope, Headers(scope=self._scope)
        self._headers["X-Request-Id"] = f"Root={headers.get('x-amzn-trace-id') or uuid.uuid4()}"
        refusal = self._identify(headers)
        scope.setdefault("state", {})["caller"] = self._who
        self._fault = self._hub.faults.for_call(scope["method"], scope["path"])
        if self._fault and await self._strike(self._fault, receive):
            return
        allowed, told = self._hub.limits.take(self._who, (scope.get("client") or [""])[0], scope["path"])
        self._headers |= told
        if not allowed:
            refusal = _refusal(429, "Too Many Requests: you have reached your rate limit, retry later")
        await (refusal or app)(scope, receive, self.pass_on)

    def _identify(self, headers: Headers) -> JSONResponse | None:
        secret = credentials.token(headers.get("authorization", ""))
        if secret is None:
            return None
        who = self._hub.accounts.caller(secret)
        if who is None:
            return _refusal(401, "Invalid credentials in Authorization header")
        self._who = who
        self._token = _shown(secret.strip())
        return None

    async def _strike(self, fault: Fault, receive: Receive) -> bool:
        """Whether the call is answered by that."""
        await asyncio.sleep(fault.delay)
        if fault.drop == "before":
            self._cut()
            return True
        if fault.status is None:
            return False
        self._headers |= fault.headers
        await _refusal(fault.status, fault.message or "Scripted fault")(self._scope, receive, self.pass_on)
        return True

    async def pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            # At this very moment: the client stops reading a log at the first line newer than this plus a second.
            shift = self._fault.date_shift if self._fault else 0
            headers["Date"] = formatdate(time.time() + shift, usegmt=True)
            for name, value in self._headers.items():
                headers[name] = value
        fault = self._fault
        if fault and fault.drop == "after":
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._cut()
            return
        if message["type"] == "http.response.body" and fault and fault.cut_after is not None:
            if self._frames >= fault.cut_after:
                self._cut()
                return
            self._frames += 1
        if message["type"] == "http.response.body" and not message.get("more_body"):
            # Before the last byte: whoever has the answer finds the call in the log, even if localhub dies now.
            self.record()
        await self._send(message)

    def _cut(self) -> None:
        self._scope["localhub.transport"].abort()

    def record(self) -> None:
        if self._hub.config.admin and not self._recorded:
            self._recorded = True
            self._hub.store.add_call(self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "at": self._at,
            "method": self._scope["method"],
            "path": self._scope["path"],
            "query": self._scope["query_string"].decode("latin-1"),
            "user": self._who.name or None,
            "token": self._token,
            "status": self._status,
            "ms": round((time.perf_counter() - self._began) * 1000, 1),
        }


def _shown(secret: str) -> str:
    """Enough to tell two tokens of one user apart; of a short one nothing, because its end would be most of it."""
    return f"…{secret[-4:]}" if len(secret) >= 16 else "…"


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status, {"X-Error-Message": message})

"""`Idempotency-Key`: the door of `spaceport.idempotency`, after draft-ietf-httpapi-idempotency-key-header.

For every POST with an access token. Not for the routes below `/auth/`: their answers are tokens, which are kept
nowhere. For the same reason an answer with `Cache-Control: no-store` can be had once only.
"""

import math
import re
from tempfile import SpooledTemporaryFile
from typing import Any, cast

import structlog
from fastapi import Request, Response
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spaceport.accounts.tokens import Claims
from spaceport.api import caller
from spaceport.api.spooled_body import SpooledBody
from spaceport.deploy_tokens.commands import Presented
from spaceport.errors import Invalid, SpaceportError, Unauthorized
from spaceport.idempotency import commands
from spaceport.idempotency.commands import Run
from spaceport.idempotency.fingerprint import Fingerprint
from spaceport.idempotency.model import Answer
from spaceport.instance import Instance
from spaceport.uploads.commands import MAX_SIZE

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_SIGN_IN = "/api/v1/auth/"
_KEY = re.compile(r"[ -~]{1,255}", re.ASCII)
# The largest upload in its multipart envelope.
_LARGEST = MAX_SIZE + 1024 * 1024
_IN_MEMORY = 1024 * 1024
_KEPT_BODY = 1024 * 1024
_KEPT_HEADERS = ("content-type", "etag", "link", "location")

_PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "description": "Makes it safe to send the request again: any text that is new for every new request, such as a"
    f" UUID. For 24 hours the same request gets the first one's answer, with `{REPLAYED}: true`. Another request"
    " under the same key is refused with 422 `idempotency_key_reused`, a second one at the same time with 409"
    " `idempotency_key_in_use`. A request that failed is not remembered: its key may be used again.",
}
_REFERENCE = {"$ref": "#/components/parameters/IdempotencyKey"}

log = structlog.get_logger()


def describe(document: dict[str, Any]) -> None:
    """Adds the header to the operations of an OpenAPI document that take it."""
    document["components"].setdefault("parameters", {})["IdempotencyKey"] = _PARAMETER
    for path, operations in document["paths"].items():
        operation = operations.get("post")
        if operation is not None and "security" in operation and not path.startswith(_SIGN_IN):
            others = [parameter for parameter in operation.get("parameters", []) if parameter != _REFERENCE]
            operation["parameters"] = [*others, _REFERENCE]


class IdempotencyMiddleware:
    """Plain ASGI: the ready-made base class would hold up streams. Costs nothing without the header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claims = await _claims(scope)
        if claims is None:
            await self._app(scope, receive, send)
            return
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            body = SpooledBody(file, receive)
            try:
                begun = await _begin(scope, claims, body)
            except ClientDisconnect:
                return
            except SpaceportError as error:
                await (await _problem(Request(scope), error))(scope, receive, send)
                return
            if isinstance(begun, Answer):
                again = Response(begun.body, begun.status, headers=begun.headers | {REPLAYED: "true"})
                await again(scope, receive, send)
                return
            await self._carry_out(begun, body, scope, send)

    async def _carry_out(self, run: Run, body: SpooledBody, scope: Scope, send: Send) -> None:
        recorder = _Recorder(_instance(scope), run, send)
        try:
            with commands.running(run):
                await self._app(scope, body.receive, recorder.send)
        except Exception:
            await recorder.settle(None, succeeded=False)
            raise


class _Recorder:
    """Sends an answer on as it comes, but for its end, which waits until it can be had again."""

    def __init__(self, instance: Instance, run: Run, send: Send) -> None:
        self._instance = instance
        self._run = run
        self._send = send
        self._status = 0
        self._headers = Headers()
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], Headers(raw=message["headers"])
        elif message["type"] == "http.response.body":
            if len(self._body) <= _KEPT_BODY:
                self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self.settle(self._answer(), succeeded=200 <= self._status < 300)
        await self._send(message)

    async def settle(self, answer: Answer | None, *, succeeded: bool) -> None:
        try:
            await run_in_threadpool(self._write, answer, succeeded=succeeded)
        except (SpaceportError, SQLAlchemyError) as error:
            # What was done is done. The row stays as it is, and its mark keeps the next one from doing it again.
            log.warning("idempotency.not_settled", reason=type(error).__name__)

    def _write(self, answer: Answer | None, *, succeeded: bool) -> None:
        with self._instance.database.unit_of_work() as session:
            if succeeded:
                commands.keep(session, self._run, answer)
            else:
                commands.release(session, self._run)

    def _answer(self) -> Answer | None:
        if len(self._body) > _KEPT_BODY or "no-store" in self._headers.get("cache-control", "").lower():
            return None
        kept = {name: self._headers[name] for name in _KEPT_HEADERS if name in self._headers}
        return Answer(self._status, kept, self._body)


async def _claims(scope: Scope) -> Claims | Presented | None:
    """Of a request to which all this applies. Without a good token the door itself refuses, or needs none."""
    if scope["type"] != "http" or scope["method"] != "POST" or _SIGN_IN in scope["path"]:
        return None
    headers = Headers(scope=scope)
    if HEADER not in headers:
        return None
    scheme, token = get_authorization_scheme_param(headers.get("authorization"))
    try:
        return await caller.verified_credential(_instance(scope), token if scheme.lower() == "bearer" else None)
    except Unauthorized:
        return None


async def _begin(scope: Scope, claims: Claims | Presented, body: SpooledBody) -> Run | Answer:
    headers = Headers(scope=scope)
    key = _key(headers)
    fingerprint = Fingerprint(scope["query_string"], headers.get("content-type", ""))
    async for piece in body.fill(_LARGEST):
        fingerprint.update(piece)
    # A body may hold a secret that is short enough to be guessed from a plain digest.
    same_as = _instance(scope).sealer.digest(fingerprint.hexdigest())

    def begin() -> Run | Answer:
        with _instance(scope).database.unit_of_work() as session:
            # A kept answer is for who may still ask: the session may have ended before its access token.
            user_id = caller.asking(session, claims).user_id
            return commands.begin(session, user_id=user_id, route=scope["path"], key=key, fingerprint=same_as)

    return await run_in_threadpool(begin)


def _key(headers: Headers) -> str:
    given = headers.getlist(HEADER)
    if len(given) != 1 or not _KEY.fullmatch(given[0]):
        raise Invalid(
            "The Idempotency-Key is not of the expected form.",
            code="idempotency_key_invalid",
            fix="Send one of 1 to 255 printable ASCII characters, for example a UUID.",
        )
    return given[0]


async def _problem(request: Request, error: SpaceportError) -> Response:
    """Handlers of errors sit behind this middleware, so it asks theirs itself."""
    response = cast("Response", await request.app.exception_handlers[SpaceportError](request, error))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _instance(scope: Scope) -> Instance:
    return cast("Instance", scope["app"].state.instance)

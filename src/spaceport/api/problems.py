"""Errors as RFC 9457 problem details: the domain's kinds become statuses here and nowhere else."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from spaceport import errors, http_status
from spaceport.api import request_id

MEDIA_TYPE = "application/problem+json"

_RETRY_AFTER_DEFAULT = 5.0


class FieldError(BaseModel):
    """What is wrong with one field. What was sent is not repeated: it may be a password."""

    location: str
    field: str
    message: str


class Problem(BaseModel):
    """`code` is stable and meant for programs; `detail` and `fix` are sentences meant for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fix: str
    instance: str
    request_id: str
    errors: list[FieldError] = []


# For `FastAPI(responses=…)`: every operation may answer with a problem.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
# And for its document's `components`: FastAPI would list a model as application/json only.
_, _definitions = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
SCHEMAS: dict[str, Any] = _definitions["$defs"]


def install(app: FastAPI) -> None:
    # Their types are narrower than the ones Starlette declares, which is how its handlers work.
    app.add_exception_handler(errors.SpaceportError, expected)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _malformed)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _by_the_framework)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)


async def expected(request: Request, error: errors.SpaceportError) -> JSONResponse:
    """An error of ours as an answer; also for middleware, which stands in front of the handlers."""
    status = http_status.of(error)
    return _response(
        request,
        status,
        code=error.code,
        detail=error.message,
        fix=error.fix,
        headers=_headers(status, error.retry_after),
        **error.facts,
    )


async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
    return _response(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        code="request_invalid",
        detail="The request does not have the expected form.",
        fix="Correct the fields listed under errors.",
        errors=[field.model_dump() for field in _field_errors(error.errors())],
    )


async def _by_the_framework(request: Request, error: HTTPException) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    return _response(
        request,
        status,
        code=status.phrase.lower().replace(" ", "_").replace("-", "_"),
        detail=str(error.detail),
        headers=dict(error.headers or {}),
    )


async def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    """Says nothing of the cause. Starlette raises it again after this answer, so the server's log has it."""
    return _response(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal",
        detail="Something went wrong on our side.",
        fix="Try again. If it stays, give the request id to whoever runs this instance.",
    )


def _response(
    request: Request, status: HTTPStatus, *, headers: Mapping[str, str] | None = None, **members: object
) -> JSONResponse:
    code = members["code"]
    known = {
        "fix": "",
        **members,
        "type": f"urn:spaceport:problem:{code}",
        "title": status.phrase,
        "status": status,
        "instance": request.url.path,
        "request_id": request_id.of(request),
    }
    # An answer to an unexpected error does not pass through the middleware that sets this header.
    named = {request_id.HEADER: request_id.of(request), **(headers or {})}
    return JSONResponse(known, status, headers=named, media_type=MEDIA_TYPE)


def _headers(status: HTTPStatus, retry_after: float | None) -> dict[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="spaceport"'}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return {"Retry-After": str(max(1, math.ceil(retry_after or _RETRY_AFTER_DEFAULT)))}
    return {}


def _field_errors(found: Sequence[Any]) -> list[FieldError]:
    return [
        FieldError(
            location=str(each["loc"][0]),
            field=".".join(str(part) for part in each["loc"][1:] if part != ""),
            message=each["msg"].removeprefix("Value error, "),
        )
        for each in found
    ]

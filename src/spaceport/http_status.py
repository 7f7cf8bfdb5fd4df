"""Which HTTP status an error of the domain is at both doors: here and nowhere else."""

from collections.abc import Mapping
from http import HTTPStatus

from spaceport import errors
from spaceport.hub import HubFailure

_STATUSES: Mapping[type[errors.SpaceportError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UpstreamFailed: HTTPStatus.BAD_GATEWAY,
}
# What the Hub refuses keeps the Hub's status. Not its 401: that is about the Hub account's token, not the caller's.
_REFUSED_BY_THE_HUB: Mapping[int, HTTPStatus] = {
    400: HTTPStatus.UNPROCESSABLE_ENTITY,
    402: HTTPStatus.PAYMENT_REQUIRED,
    403: HTTPStatus.FORBIDDEN,
    404: HTTPStatus.NOT_FOUND,
    409: HTTPStatus.CONFLICT,
    412: HTTPStatus.CONFLICT,
    422: HTTPStatus.UNPROCESSABLE_ENTITY,
    429: HTTPStatus.TOO_MANY_REQUESTS,
}


def of(error: errors.SpaceportError) -> HTTPStatus:
    if isinstance(error, HubFailure):
        return _REFUSED_BY_THE_HUB.get(error.status, HTTPStatus.BAD_GATEWAY)
    return next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)

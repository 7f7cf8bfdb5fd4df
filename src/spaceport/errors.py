"""What can go wrong, in the domain's words. Doors turn a kind into a status, a page or a tool error.

SpaceportError
├── Invalid          the request can never work as written
├── Unauthorized     nobody is signed in, or the credentials are wrong
├── Forbidden        signed in, but this role may not
├── NotFound         no such thing in the caller's teams
├── Conflict         right request, wrong moment
├── PreconditionFailed  it is not what the caller took it for
├── TooLarge         over a stated limit
├── RateLimited      too many, try after `retry_after` seconds
├── Unavailable      a part we need is down, try after `retry_after` seconds
└── UpstreamFailed   the Hub, a Git host or an app answered something we cannot use
"""


class SpaceportError(Exception):
    """`code` is stable and meant for programs; `message` and `fix` are sentences meant for people."""

    def __init__(
        self, message: str, *, code: str, fix: str = "", retry_after: float | None = None, **facts: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix
        self.retry_after = retry_after
        self.facts = facts


class Invalid(SpaceportError): ...


class Unauthorized(SpaceportError): ...


class Forbidden(SpaceportError): ...


class NotFound(SpaceportError): ...


class Conflict(SpaceportError): ...


class PreconditionFailed(SpaceportError): ...


class TooLarge(SpaceportError): ...


class RateLimited(SpaceportError): ...


class Unavailable(SpaceportError): ...


class UpstreamFailed(SpaceportError): ...

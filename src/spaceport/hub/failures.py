"""The Hub's refusals and outages as one error with a sentence and a fix (the Hub's contract, section 1.1)."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

import httpx2
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from pydantic import ValidationError

from spaceport.errors import SpaceportError, UpstreamFailed

P = ParamSpec("P")
T = TypeVar("T")

_SENTENCES: dict[int, tuple[str, str, str]] = {
    401: (
        "hub_unauthorized",
        "The Hub does not accept the token of this Hub account.",
        "Make a new token on the Hub's settings page and store it in the Hub account again.",
    ),
    402: (
        "hub_payment_required",
        "The Hub asks for a paid plan or credits for this.",
        "Docker and gradio Spaces need a PRO, Team or Enterprise plan, Hub jobs need credits; static Spaces are free.",
    ),
    403: (
        "hub_forbidden",
        "The Hub account's token may not do this.",
        "Use a token with write access there, or ask the owner for the role.",
    ),
    404: (
        "hub_not_found",
        "The Hub knows nothing at this address, or hides it from this Hub account.",
        "Check the owner and the name or id, and that the Hub account may see it.",
    ),
    409: (
        "hub_conflict",
        "The Hub says that this already exists or another operation is under way.",
        "Wait a moment and try again, or use another name.",
    ),
    412: (
        "hub_stale_parent",
        "Somebody else committed to the Space at the same time.",
        "Deploy again: the next attempt starts from the newest commit.",
    ),
    429: (
        "hub_rate_limited",
        "The Hub account has used up its calls for these five minutes.",
        "Wait for the window to end; a paid plan has a larger quota.",
    ),
}
_UNAVAILABLE = (
    "hub_unavailable",
    "The Hub does not answer properly.",
    "Nothing to do here: it is tried again; see the Hub's status page if it lasts.",
)
_REFUSED = (
    "hub_refused",
    "The Hub refused the request.",
    "Change what the Hub complains about, then try again.",
)


class HubFailure(UpstreamFailed):
    """`transient` says whether the same call may work later; `status` is the Hub's, 0 without an answer."""

    def __init__(self, status: int, said: str = "", retry_after: float | None = None) -> None:
        server_side = status == 0 or status >= 500 or status == 408
        code, sentence, fix = _SENTENCES.get(status, _UNAVAILABLE if server_side else _REFUSED)
        message = f"{sentence} It said: {said}" if said else sentence
        super().__init__(message, code=code, fix=fix, retry_after=retry_after)
        self.status = status
        self.transient = server_side or status == 429

    @property
    def effect_unknown(self) -> bool:
        """Whether what was asked for may have happened all the same: the answer was lost, not refused."""
        return self.transient and self.status != 429

    def without(self, secret: str) -> "HubFailure":
        """The same for a sentence of the Hub that repeats a secret which was sent to it."""
        same = HubFailure(self.status, retry_after=self.retry_after)
        same.message = self.message.replace(secret, "[the value]") if secret else self.message
        return same


class BudgetSpent(HubFailure):
    """Refused here, without calling the Hub: nothing is left of the account's quota for this."""

    def __init__(self, seconds: float) -> None:
        super().__init__(429, retry_after=seconds)
        self.message = f"Nothing is left of the Hub account's quota for this; it is renewed in {seconds:.0f} seconds."


class NotSent(HubFailure):
    """The run that wanted to make this call was stopped before it."""

    effect_unknown = False

    def __init__(self) -> None:
        super().__init__(0, "the run was stopped")


def translated(call: Callable[P, T]) -> Callable[P, T]:
    """Raise HubFailure for whatever the client library raises."""

    @functools.wraps(call)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except SpaceportError:
            raise
        except HfHubHTTPError as error:
            raise _from_response(error) from error
        except (httpx2.HTTPError, OSError) as error:
            if (refusal := _behind(error)) is not None:
                raise refusal from error
            raise HubFailure(0, _short(type(error).__name__)) from error
        except (json.JSONDecodeError, ValidationError, KeyError, TypeError, AttributeError) as error:
            raise HubFailure(0, f"an answer of another form ({type(error).__name__})") from error
        except (HFValidationError, ValueError) as error:
            raise HubFailure(400, _short(str(error))) from error

    return wrapper


def _behind(error: BaseException) -> SpaceportError | None:
    """A refusal that the library reports as a file missing from its cache."""
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, SpaceportError):
            return cause
        if isinstance(cause, HfHubHTTPError):
            return _from_response(cause)
        cause = cause.__cause__
    return None


def _from_response(error: HfHubHTTPError) -> HubFailure:
    response = error.response
    return HubFailure(response.status_code, _short(error.server_message or ""), retry_after(response.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `Retry-After` if it is a number, else `t` of an exhausted `RateLimit` (IETF draft 9)."""
    if (plain := headers.get("Retry-After", "")).isdigit():
        return float(plain)
    fields = dict(part.strip().partition("=")[::2] for part in headers.get("RateLimit", "").split(";"))
    if fields.get("r") == "0" and fields.get("t", "").isdigit():
        return float(fields["t"])
    return None


def _short(text: str) -> str:
    return " ".join(text.split())[:500]

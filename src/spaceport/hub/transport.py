"""The library's one shared HTTP client, with a time-out and with a meter for every account that it calls for."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakValueDictionary

import httpx2
import huggingface_hub
from huggingface_hub import hf_raise_for_status
from huggingface_hub.utils.tqdm import disable_progress_bars

from spaceport.hub.budget import Meter
from spaceport.hub.failures import NotSent

_TIMEOUT = httpx2.Timeout(60, connect=10)
# By endpoint and token: the library makes some calls in threads of its own, where nothing else says whose they are.
# Weak, because a meter is its `Budgets`': another program's Hub may come to listen on the same port.
_meters: WeakValueDictionary[str, Meter] = WeakValueDictionary()
_stopped: ContextVar[Callable[[], bool]] = ContextVar("stopped", default=lambda: False)
# A connection that idles longer may be closed just as it is used again, and most calls may not be repeated.
_LIMITS = httpx2.Limits(max_connections=100, keepalive_expiry=2)


def install_client() -> None:
    """Give the library's shared client a time-out: its own has none (the Hub's contract, section 0).

    And end its own attempts after a refusal: it would sleep in our thread for as long as the Hub says, five
    times over, while the job cannot be canceled. A job that is put back waits better.
    """
    # Otherwise it asks the Hub an extra, unauthenticated question before its first call.
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
    # They are for a person at a terminal; here they would end up in the log.
    disable_progress_bars()
    hooks = {"response": [_observe, _end_here]}
    huggingface_hub.set_client_factory(
        lambda: _Client(timeout=_TIMEOUT, limits=_LIMITS, follow_redirects=True, event_hooks=hooks)
    )


def count(endpoint: str, token: str, meter: Meter) -> None:
    """From now on calls with this token are counted, and limited, by this meter for as long as it is kept."""
    _meters[_key(httpx2.URL(endpoint), f"Bearer {token}")] = meter


@contextmanager
def unless(stopped: Callable[[], bool]) -> Iterator[None]:
    """Within the block, in this thread: calls raise NotSent once `stopped` says so. One verb may be several calls."""
    before = _stopped.set(stopped)
    try:
        yield
    finally:
        _stopped.reset(before)


class _Client(httpx2.Client):
    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Raises, without calling, NotSent for a run that was stopped, BudgetSpent when no quota is left."""
        if _stopped.get()():
            raise NotSent
        meter = _meter(request)
        # What is not below /api/ has a quota of its own, which no deployment comes near.
        if meter is None or not request.url.path.startswith("/api/"):
            return super().send(request, **options)
        with meter.call():
            return super().send(request, **options)


def _observe(answer: httpx2.Response) -> None:
    if (meter := _meter(answer.request)) is not None:
        meter.observe(answer.headers)


def _end_here(answer: httpx2.Response) -> None:
    if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS or answer.is_server_error:
        answer.read()
        hf_raise_for_status(answer)


def _meter(request: httpx2.Request) -> Meter | None:
    return _meters.get(_key(request.url, request.headers.get("Authorization", "")))


def _key(url: httpx2.URL, authorization: str) -> str:
    """No token is kept beyond the `Hub` that has it."""
    return hashlib.sha256(f"{url.host}:{url.port}:{authorization}".encode()).hexdigest()

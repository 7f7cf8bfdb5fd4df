"""Is a delivery from whom it says? Pure: the raw body, the headers and the hook's secret.

Compared in constant time. Nothing is authentic under an empty secret.
"""

import base64
import binascii
import hmac
import math
from collections.abc import Callable, Mapping

from spaceport.webhooks.providers import Provider

# Seconds that a signed time may differ from ours, as Standard Webhooks has it.
REPLAY_WINDOW = 300
SIGNING_PREFIX = "whsec_"

Headers = Mapping[str, str]


def refusal(provider: Provider, headers: Headers, body: bytes, secret: str, *, now: float) -> str | None:
    """Why the delivery is refused, in one sentence, or None when it is authentic. Header names in lower case."""
    if not secret:
        return "The hook has no secret."
    return _CHECKS[provider](headers, body, secret, now)


def sign(secret: str, body: bytes) -> str:
    """What GitHub, Bitbucket, Gitea and Forgejo sign with."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def sign_standard(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """What GitLab's signing token signs with (Standard Webhooks)."""
    content = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), content, "sha256").digest()).decode()


def _prefixed(header: str) -> Callable[[Headers, bytes, str, float], str | None]:
    def check(headers: Headers, body: bytes, secret: str, now: float) -> str | None:
        del now
        scheme, _, given = headers.get(header, "").partition("=")
        return _judge(header, given if scheme == "sha256" else "", sign(secret, body))

    return check


def _bare(*names: str) -> Callable[[Headers, bytes, str, float], str | None]:
    """The first header that is there alone decides: a bad one is not mended by another."""

    def check(headers: Headers, body: bytes, secret: str, _: float) -> str | None:
        name = next((name for name in names if name in headers), names[0])
        return _judge(name, headers.get(name, ""), sign(secret, body))

    return check


def _gitlab(headers: Headers, body: bytes, secret: str, now: float) -> str | None:
    if "webhook-signature" not in headers:
        return _judge("x-gitlab-token", headers.get("x-gitlab-token", ""), secret)
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdecimal():
        return "The header webhook-timestamp is missing or not a number."
    if not math.isclose(float(timestamp), now, rel_tol=0, abs_tol=REPLAY_WINDOW):
        return f"It was signed more than {REPLAY_WINDOW} seconds ago, or in the future."
    expected = sign_standard(secret, headers.get("webhook-id", ""), timestamp, body)
    # Several while a secret is being changed.
    given = headers["webhook-signature"].split()[:8]
    if any(_same(each, expected) for each in given):
        return None
    return "The header webhook-signature does not match the hook's secret."


def _plain(headers: Headers, _: bytes, secret: str, __: float) -> str | None:
    return _judge("x-webhook-secret", headers.get("x-webhook-secret", ""), secret)


def _judge(header: str, given: str, expected: str) -> str | None:
    if not given:
        return f"The header {header} is missing or empty."
    return None if _same(given, expected) else f"The header {header} does not match the hook's secret."


def _same(given: str, expected: str) -> bool:
    # As bytes: compare_digest refuses text beyond ASCII.
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _key(secret: str) -> bytes:
    if not secret.startswith(SIGNING_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True) or secret.encode()
    except binascii.Error:
        return secret.encode()


_CHECKS: Mapping[Provider, Callable[[Headers, bytes, str, float], str | None]] = {
    Provider.GITHUB: _prefixed("x-hub-signature-256"),
    Provider.GITLAB: _gitlab,
    Provider.BITBUCKET: _prefixed("x-hub-signature"),
    Provider.GITEA: _bare("x-gitea-signature"),
    Provider.FORGEJO: _bare("x-forgejo-signature", "x-gitea-signature"),
    Provider.HUGGINGFACE: _plain,
}

"""One probe: a GET to the app that can neither be led elsewhere nor be made to read without end."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from spaceport.egress import http
from spaceport.egress.policy import Policy
from spaceport.errors import SpaceportError, UpstreamFailed
from spaceport.health.rule import HealthRule

MAX_BODY = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What an app answered; `body` is at most MAX_BODY of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    seconds: float


class Prober:
    """One shared client: a client per probe costs 75 ms, a kept connection collapses at many hosts."""

    def __init__(self, policy: Policy) -> None:
        self._client = http.client(policy, timeout=httpx.Timeout(10))

    async def probe(self, host: str, rule: HealthRule, *, token: str | None = None) -> str | None:
        """None when the app answers as the rule demands, else what is wrong in one sentence."""
        try:
            answer = await self.get(host, rule.path, within=rule.timeout, token=token)
        except SpaceportError as error:
            return error.message
        return rule.judge(answer.status, answer.body)

    async def get(self, host: str, path: str, *, within: float, token: str | None = None) -> Answer:
        """Raises UpstreamFailed `app_not_reached` with a sentence that names no host and no token.

        `token` opens a private Space; it is sent to the Space's own host only, as redirects are not followed.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        began = time.monotonic()
        try:
            async with asyncio.timeout(within):
                async with self._client.stream("GET", host.rstrip("/") + path, headers=headers) as answer:
                    body = await _body(answer)
                    cut = len(body) >= MAX_BODY
                    seconds = time.monotonic() - began
                    return Answer(answer.status_code, answer.headers, body[:MAX_BODY], cut, seconds)
        except TimeoutError as error:
            raise _failed(f"GET {path} did not answer within {within:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _failed(f"GET {path} failed: {type(error).__name__}") from error
        except SpaceportError as error:
            raise _failed(f"GET {path} was not sent: {error.message}") from error

    async def aclose(self) -> None:
        await self._client.aclose()


async def _body(answer: httpx.Response) -> bytes:
    body = b""
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) >= MAX_BODY:
            break
    return body


def _failed(sentence: str) -> UpstreamFailed:
    return UpstreamFailed(
        sentence, code="app_not_reached", fix="Look at the runtime of the Space and at the log of its app."
    )

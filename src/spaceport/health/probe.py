"""One probe: a GET to the app that can neither be led elsewhere nor be made to read without end."""

import asyncio

import httpx

from spaceport.egress import http
from spaceport.egress.policy import Policy
from spaceport.errors import SpaceportError
from spaceport.health.rule import HealthRule

MAX_BODY = 64 * 1024


class Prober:
    """One shared client: a client per probe costs 75 ms, a kept connection collapses at many hosts."""

    def __init__(self, policy: Policy) -> None:
        self._client = http.client(policy, timeout=httpx.Timeout(10))

    async def probe(self, host: str, rule: HealthRule, *, token: str | None = None) -> str | None:
        """None when the app answers as the rule demands, else what is wrong in one sentence.

        `token` opens a private Space; it is sent to the Space's own host only, as redirects are not followed.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with asyncio.timeout(rule.timeout):
                async with self._client.stream("GET", host.rstrip("/") + rule.path, headers=headers) as answer:
                    return rule.judge(answer.status_code, await _body(answer))
        except TimeoutError:
            return f"GET {rule.path} did not answer within {rule.timeout:g} s"
        except httpx.HTTPError as error:
            return f"GET {rule.path} failed: {type(error).__name__}"
        except SpaceportError as error:
            return f"GET {rule.path} was not sent: {error.message}"

    async def aclose(self) -> None:
        await self._client.aclose()


async def _body(answer: httpx.Response) -> bytes:
    body = b""
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) >= MAX_BODY:
            break
    return body[:MAX_BODY]

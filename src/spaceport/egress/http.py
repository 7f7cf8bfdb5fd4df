"""An HTTP client that connects to the address the policy checked, under the name the URL gave."""

import asyncio
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from spaceport.egress.policy import Policy, Target, bracketed


def client(policy: Policy, *, timeout: httpx.Timeout | float) -> httpx.AsyncClient:
    """One client to share: no redirects, no cookies kept, no proxy or credentials from the environment.

    A request raises the policy's errors (`errors.Invalid`, `errors.UpstreamFailed`) besides httpx's own.
    A server may compress although we ask for `identity`: cap what is read.
    """
    return httpx.AsyncClient(
        transport=PinnedTransport(policy),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        headers={"accept-encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


class PinnedTransport(httpx.AsyncBaseTransport):
    """Asks the policy at every request and dials the checked address; Host and TLS name stay the URL's."""

    def __init__(self, policy: Policy, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        # The pool knows connections by address: a kept one could carry a request for another name.
        self._wire = httpx.AsyncHTTPTransport(
            verify=ssl_context or httpx.create_ssl_context(),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = await self._resolve(request)
        *others, last = target.addresses
        for address in others:
            try:
                return await self._wire.handle_async_request(_pinned(request, target, bracketed(address)))
            except httpx.ConnectError:
                continue
        return await self._wire.handle_async_request(_pinned(request, target, bracketed(last)))

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def _resolve(self, request: httpx.Request) -> Target:
        """The look-up blocks, so it runs in a thread; it counts against the time allowed to connect."""
        limit = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(limit):
                return await asyncio.to_thread(self._policy.resolve, str(request.url))
        except TimeoutError as error:
            raise httpx.ConnectTimeout("The host name was not resolved in time.", request=request) from error


def _pinned(request: httpx.Request, target: Target, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": target.url.host},
    )

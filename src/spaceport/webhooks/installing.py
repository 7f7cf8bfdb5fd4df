"""Installing a hook through the host's own API, with a token that is used once.

Sources: GitHub REST "Create a repository webhook"; GitLab REST "Project webhooks" (`signing_token` since its merge
request 231325); Bitbucket Cloud REST "Create a webhook for a repository"; Gitea's and Forgejo's Swagger
`repoCreateHook`; Hugging Face `POST /api/settings/webhooks`.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from spaceport.egress import http
from spaceport.egress.policy import Policy
from spaceport.errors import Invalid, SpaceportError, UpstreamFailed
from spaceport.spaces import repositories
from spaceport.webhooks.providers import Provider

_TIMEOUT = 15.0
# The hook is there by then, without its secret having been shown.
_BY_HAND = "or rotate the hook's secret and follow the steps that come with it."
_MAX_ANSWER = 256 * 1024
# Hosts whose API has a name of its own; any other answers below its own address.
_API = {"github.com": "https://api.github.com", "bitbucket.org": "https://api.bitbucket.org"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. The token is in `headers`, the hook's secret in `body`: never log either."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


def install(policy: Policy, provider: Provider, repository_url: str, *, hook_url: str, secret: str, token: str) -> str:
    """The host's id of the new hook. Blocks for at most 15 s.

    Raises Invalid `host_token_refused` and `host_refused_hook`, and UpstreamFailed `host_unreachable`.
    """
    call = request(provider, repository_url, hook_url=hook_url, secret=secret, token=token)
    policy.resolve(call.url, require_tls=True)
    try:
        status, answer = asyncio.run(_send(policy, call))
    except (httpx.HTTPError, TimeoutError) as error:
        raise UpstreamFailed(
            f"{urlsplit(call.url).hostname} could not be asked to install the hook: {type(error).__name__}.",
            code="host_unreachable",
            fix=f"Try again, {_BY_HAND}",
        ) from None
    if status in (401, 403, 404):
        raise _token_refused(status, call)
    if status >= 300:
        raise Invalid(
            f"{urlsplit(call.url).hostname} answered {status} to installing the hook.",
            code="host_refused_hook",
            fix=f"Look on the host whether the hook is there already, {_BY_HAND}",
        )
    return _id(answer)


def request(provider: Provider, repository_url: str, *, hook_url: str, secret: str, token: str) -> Call:
    """What is sent to the host. Pure."""
    repository = repositories.path(repositories.key(repository_url))
    # The path as it was written: some hosts tell capitals apart.
    written = urlsplit(repository_url).path.strip("/").removesuffix(".git")
    parts = urlsplit(repository_url)
    base = _API.get(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")
    match provider:
        case Provider.GITHUB:
            prefix = base if base in _API.values() else f"{base}/api/v3"
            config = {"url": hook_url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
            body: dict[str, Any] = {"name": "web", "active": True, "events": ["push"], "config": config}
            headers = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
            return Call(f"{prefix}/repos/{quote(written)}/hooks", headers | _bearer(token), body)
        case Provider.GITLAB:
            body = {"url": hook_url, "token": secret, "signing_token": secret, "push_events": True}
            body |= {"tag_push_events": True, "enable_ssl_verification": True, "name": "Spaceport"}
            url = f"{base}/api/v4/projects/{quote(written, safe='')}/hooks"
            return Call(url, {"private-token": token}, body)
        case Provider.BITBUCKET:
            body = {"description": "Spaceport", "url": hook_url, "active": True, "secret": secret}
            body |= {"events": ["repo:push"]}
            return Call(f"{base}/2.0/repositories/{quote(written)}/hooks", _basic_or_bearer(token), body)
        case Provider.GITEA | Provider.FORGEJO:
            config = {"url": hook_url, "content_type": "json", "secret": secret}
            body = {"type": provider.value, "active": True, "events": ["push"], "config": config}
            url = f"{base}/api/v1/repos/{quote(written)}/hooks"
            return Call(url, {"authorization": f"token {token}"}, body)
        case Provider.HUGGINGFACE:
            kind = {"spaces": "space", "datasets": "dataset"}.get(repository.partition("/")[0], "model")
            name = written if kind == "model" else written.partition("/")[2]
            body = {"watched": [{"type": kind, "name": name}], "domains": ["repo"], "secret": secret, "url": hook_url}
            return Call(f"{base}/api/settings/webhooks", _bearer(token), body)


async def _send(policy: Policy, call: Call) -> tuple[int, bytes]:
    async with (
        asyncio.timeout(_TIMEOUT),
        http.client(policy, timeout=_TIMEOUT) as client,
        client.stream("POST", call.url, headers=dict(call.headers), json=dict(call.body)) as answer,
    ):
        received = b""
        async for piece in answer.aiter_raw():
            received += piece
            if len(received) > _MAX_ANSWER:
                break
        return answer.status_code, received


def _id(answer: bytes) -> str:
    """GitHub, GitLab and Gitea say `id`, Bitbucket `uuid`, Hugging Face `webhook.id`."""
    try:
        said = json.loads(answer)
    except ValueError:
        said = None
    said = said.get("webhook", said) if isinstance(said, dict) else {}
    return str(said.get("id") or said.get("uuid") or "installed")[:200]


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _basic_or_bearer(token: str) -> dict[str, str]:
    if ":" not in token:
        return _bearer(token)
    return {"authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}


def _token_refused(status: int, call: Call) -> SpaceportError:
    return Invalid(
        f"{urlsplit(call.url).hostname} answered {status}: the token may not install hooks in this repository.",
        code="host_token_refused",
        fix=f"Give a token that may administer the repository's hooks, {_BY_HAND}",
    )

"""The Git hosts whose deliveries are understood, and what each calls its headers.

Sources: GitHub "Webhook events and payloads"; GitLab "Webhooks" and its merge requests 230944 and 231325 (signing
token); Bitbucket Cloud "Event payloads"; Gitea and Forgejo "Webhooks"; Hugging Face "Webhooks".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Provider(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"
    FORGEJO = "forgejo"
    HUGGINGFACE = "huggingface"


@dataclass(frozen=True, slots=True)
class Headers:
    """Names in lower case, in the order in which they are looked for. Hugging Face has neither of the two."""

    event: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()


HEADERS: Mapping[Provider, Headers] = {
    Provider.GITHUB: Headers(("x-github-event",), ("x-github-delivery",)),
    Provider.GITLAB: Headers(("x-gitlab-event",), ("webhook-id", "idempotency-key", "x-gitlab-event-uuid")),
    Provider.BITBUCKET: Headers(("x-event-key",), ("x-request-uuid",)),
    Provider.GITEA: Headers(("x-gitea-event",), ("x-gitea-delivery",)),
    Provider.FORGEJO: Headers(("x-forgejo-event", "x-gitea-event"), ("x-forgejo-delivery", "x-gitea-delivery")),
    Provider.HUGGINGFACE: Headers(),
}
# What is kept of a delivery's headers: never one that holds a secret or a signature.
KEPT = frozenset(
    {name for headers in HEADERS.values() for name in (*headers.event, *headers.delivery)}
    | {"content-type", "user-agent", "x-attempt-number", "x-gitlab-instance", "webhook-timestamp"}
)


def first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The first of these headers that was sent, or ""."""
    return next((headers[name] for name in names if headers.get(name)), "")[:200]

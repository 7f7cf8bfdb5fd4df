"""Deliveries as the Git hosts send them: a push in each one's form, signed as each one signs."""

import json
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spaceport.webhooks import signatures
from spaceport.webhooks.providers import Provider

PUBLISHED = Path(__file__).parent / "fixtures" / "webhooks"
NOTHING = "0" * 40


@dataclass(frozen=True)
class Sent:
    """What goes over the wire."""

    headers: dict[str, str]
    body: bytes

    def altered(self, **headers: str | None) -> "Sent":
        """With other headers; None takes one away. Underscores stand for hyphens."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {**self.headers, **changed}
        return replace(self, headers={name: value for name, value in merged.items() if value is not None})


def published(name: str) -> bytes:
    return (PUBLISHED / f"{name}.json").read_bytes()


def send(
    provider: Provider, secret: str, body: bytes | dict[str, Any], *, event: str = "", delivery: str | None = None
) -> Sent:
    """Signed as the host signs; a push unless another event is named."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    delivery = delivery or str(uuid.uuid4())
    digest = signatures.sign(secret, raw)
    headers = {
        Provider.GITHUB: {
            "x-github-event": event or "push",
            "x-github-delivery": delivery,
            "x-hub-signature-256": f"sha256={digest}",
        },
        Provider.GITLAB: {
            "x-gitlab-event": event or "Push Hook",
            "x-gitlab-token": secret,
            "idempotency-key": delivery,
        },
        Provider.BITBUCKET: {
            "x-event-key": event or "repo:push",
            "x-request-uuid": delivery,
            "x-hub-signature": f"sha256={digest}",
        },
        Provider.GITEA: {
            "x-gitea-event": event or "push",
            "x-gitea-delivery": delivery,
            "x-gitea-signature": digest,
        },
        Provider.FORGEJO: {
            "x-forgejo-event": event or "push",
            "x-forgejo-delivery": delivery,
            "x-forgejo-signature": digest,
            "x-gitea-signature": digest,
        },
        Provider.HUGGINGFACE: {"x-webhook-secret": secret},
    }[provider]
    return Sent({"content-type": "application/json", **headers}, raw)


def send_gitlab_signed(secret: str, body: bytes, *, at: float | None = None, delivery: str = "") -> Sent:
    """As a GitLab with a signing token does."""
    delivery, stamp = delivery or str(uuid.uuid4()), str(int(time.time() if at is None else at))
    signature = signatures.sign_standard(secret, delivery, stamp, body)
    headers = {"webhook-id": delivery, "webhook-timestamp": stamp, "webhook-signature": signature}
    return Sent({"content-type": "application/json", "x-gitlab-event": "Push Hook", **headers}, body)


def push(
    provider: Provider,
    repository: str,
    after: str,
    *,
    before: str = NOTHING,
    ref: str = "refs/heads/main",
    files: tuple[str, ...] = (),
    message: str = "Change",
    total: int | None = None,
    forced: bool = False,
) -> dict[str, Any]:
    """The payload of a push of one commit; `total` says that there were more than are listed."""
    commit = {"id": after, "message": message, "added": list(files), "modified": [], "removed": []}
    common = {"ref": ref, "before": before, "after": after, "commits": [commit]}
    match provider:
        case Provider.GITHUB:
            about = {"full_name": repository, "default_branch": "main"}
            commits = [commit] * (total or 1)
            return common | {"commits": commits, "forced": forced, "repository": about, "head_commit": commit}
        case Provider.GITLAB:
            kind = "tag_push" if ref.startswith("refs/tags/") else "push"
            about = {"path_with_namespace": repository, "default_branch": "main"}
            return common | {"object_kind": kind, "project": about, "total_commits_count": total or 1}
        case Provider.GITEA | Provider.FORGEJO:
            about = {"full_name": repository, "default_branch": "main"}
            return common | {"repository": about, "total_commits": total or 1}
        case Provider.BITBUCKET:
            name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
            kind = "tag" if ref.startswith("refs/tags/") else "branch"
            old = {"type": kind, "name": name, "target": {"hash": before}} if before != NOTHING else None
            new = {"type": kind, "name": name, "target": {"hash": after, "message": message}}
            changes = [{"old": old, "new": new if after != NOTHING else None}]
            return {"repository": {"full_name": repository}, "push": {"changes": changes}}
        case Provider.HUGGINGFACE:
            kind, _, name = repository.partition("/") if repository.startswith("spaces/") else ("model", "", repository)
            return {
                "event": {"action": "update", "scope": "repo.content"},
                "repo": {"type": kind.removesuffix("s"), "name": name, "headSha": after},
                "updatedRefs": [{"ref": ref, "oldSha": None if before == NOTHING else before, "newSha": after}],
            }

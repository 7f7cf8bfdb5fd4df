"""Hooks and deliveries for the storybook, one in each state."""

from datetime import datetime, timedelta
from typing import Any

from spaceport.webhooks.model import Delivery, Hook, Status
from spaceport.webhooks.providers import Provider

_REASONS = {
    Status.DEPLOYED: "deployed: branch main moved to 4f2a9c1; deployment #12 was queued",
    Status.IGNORED: "ignored: branch feature/x does not match main",
    Status.DECIDING: "deciding: Git is asked which files have changed",
    Status.PING: "The host has found the way here: the hook is set up.",
}


def context(now: datetime) -> dict[str, Any]:
    """For `fragments/pushes.html`."""
    hooks = [
        _hook(Provider.GITHUB, verified_at=now - timedelta(days=3)),
        _hook(Provider.GITLAB, forged_count=3, forged_at=now - timedelta(hours=2)),
    ]
    return {
        "hooks": hooks,
        "last": {hooks[0].id: now - timedelta(minutes=5)},
        "deliveries": [
            (_delivery(status, reason, now - timedelta(minutes=5 * i)), reason)
            for i, (status, reason) in enumerate(_REASONS.items(), start=1)
        ],
        "deployed": {"dlv_deployed": ("dep_story", 12)},
        "after": None,
        "older": "dlv_older",
    }


def _hook(provider: Provider, **facts: Any) -> Hook:
    return Hook(
        id=f"hook_{provider}",
        team_id="team_story",
        provider=provider,
        repository="git.example/acme/demo",
        sealed_secret="",
        **facts,
    )


def _delivery(status: Status, reason: str, at: datetime) -> Delivery:
    return Delivery(
        id=f"dlv_{status}",
        team_id="team_story",
        hook_id="hook_github",
        provider=Provider.GITHUB,
        key="",
        event="ping" if status is Status.PING else "push",
        status=status,
        reason=reason,
        payload="{}",
        payload_bytes=2,
        received_at=at,
    )

"""Hooks, their deliveries, and what to do on a host."""

from datetime import datetime, timedelta
from typing import Any

from spaceport.dashboard import push_words
from spaceport.dashboard.stories import samples
from spaceport.dashboard.stories.story import Story
from spaceport.webhooks.model import Delivery, Hook, Status
from spaceport.webhooks.providers import Provider
from spaceport.webhooks.setting_up import Issued

_REASONS = {
    Status.DEPLOYED: "deployed: branch main moved to 4f2a9c1; deployment #12 was queued",
    Status.IGNORED: "ignored: branch feature/x does not match main",
    Status.DECIDING: "deciding: Git is asked which files have changed",
    Status.PING: "The host has found the way here: the hook is set up.",
}


def stories(now: datetime) -> list[Story]:
    usual = _happened(now)
    nothing: dict[str, Any] = {"last": {}, "deliveries": [], "deployed": {}, "older": None}
    by_hand = {"space": samples.space(auto_deploy=False)}
    return [
        Story("pushes", "Hooks, and deliveries with each decision", usual),
        Story(
            "pushes",
            "Hooks that nothing came from, and a Space that does not deploy by itself",
            usual | nothing | by_hand,
        ),
        Story("pushes", "No hook", usual | nothing | {"hooks": []}),
        Story("pushes", "Behind the last page", usual | nothing | {"after": "dlv_deployed"}),
        *(Story("steps", f"On {push_words.HOSTS[each]}", {"issued": _issued(each)}) for each in Provider),
    ]


def _happened(now: datetime) -> dict[str, Any]:
    hooks = [
        _hook(Provider.GITHUB, verified_at=now - timedelta(days=3)),
        _hook(Provider.GITLAB, forged_count=3, forged_at=now - timedelta(hours=2)),
    ]
    return {
        "space": samples.space(),
        "hooks": hooks,
        "last": {hooks[0].id: now - timedelta(minutes=5)},
        "deliveries": [
            (_delivery(status, reason, now - timedelta(minutes=5 * i)), reason)
            for i, (status, reason) in enumerate(_REASONS.items(), start=1)
        ],
        "deployed": {"dlv_deployed": ("dep_succeeded", 12)},
        "after": None,
        "older": "dlv_older",
    }


def _issued(provider: Provider) -> Issued:
    hook = _hook(provider)
    return Issued(hook, f"https://spaceport.example/webhooks/{provider}/{hook.id}", None)


def _hook(provider: Provider, **facts: Any) -> Hook:
    return Hook(
        id=f"hook_{provider}",
        team_id="team_acme",
        provider=provider,
        repository="git.example/acme/demo",
        sealed_secret="",
        **facts,
    )


def _delivery(status: Status, reason: str, at: datetime) -> Delivery:
    return Delivery(
        id=f"dlv_{status}",
        team_id="team_acme",
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

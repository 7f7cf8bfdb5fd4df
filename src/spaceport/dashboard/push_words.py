"""What came from Git hosts and what was decided about it, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from spaceport.dashboard.words import Sign

# What became of a delivery, and what was decided about one space.
DELIVERIES = {
    "deployed": Sign("check", "good", "Deployed"),
    "joined": Sign("check", "good", "Joined"),
    "ignored": Sign("skip", "quiet", "Ignored"),
    "deciding": Sign("spinner", "busy", "Deciding"),
    "ping": Sign("check", "good", "Ping"),
}
VERIFIED = Sign("check", "good", "Verified")
UNVERIFIED = Sign("clock", "busy", "Waits for its first call")
HOSTS = {
    "github": "GitHub",
    "gitlab": "GitLab",
    "bitbucket": "Bitbucket",
    "gitea": "Gitea",
    "forgejo": "Forgejo",
    "huggingface": "Hugging Face",
}


def delivered(status: str, reason: str) -> Sign:
    """What became of a delivery for the one space that this reason is about: another one may have been deployed."""
    outcome = reason.partition(":")[0]
    return DELIVERIES.get(outcome) or DELIVERIES[status]


def reason(reason: str) -> str:
    """Why, without the outcome that is shown before it."""
    outcome, _, why = reason.partition(": ")
    return why[:1].upper() + why[1:] if outcome in DELIVERIES and why else reason


def ref(ref: str) -> str:
    for kind, prefix in (("branch", "refs/heads/"), ("tag", "refs/tags/")):
        if ref.startswith(prefix):
            return f"{kind} {ref.removeprefix(prefix)}"
    return ref


def refs(pushes: Sequence[Mapping[str, Any]]) -> str:
    shown = ", ".join(ref(push["ref"]) for push in pushes[:2])
    return f"{shown} and {len(pushes) - 2} more" if len(pushes) > 2 else shown

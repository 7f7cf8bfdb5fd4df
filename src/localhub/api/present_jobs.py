"""Jobs and schedules as the Hub's JSON shows them: never with the value of a secret."""

from typing import Any

from localhub.accounts import Accounts, stable_id
from localhub.jobs.model import DEFAULT_TIMEOUT, Job, Schedule, Spec

AVATAR = "/avatar.svg"
_AS_GIVEN = ("spaceId", "dockerImage", "command", "arguments", "arch", "flavor", "volumes", "expose", "network")


def job(found: Job, accounts: Accounts, host: str) -> dict[str, Any]:
    shown = {
        "id": found.id,
        "type": "job",
        "createdAt": found.created_at,
        **spec(found.spec),
        "createdBy": {"id": stable_id(found.creator), "name": found.creator},
        "owner": owner(found.owner, accounts),
        "initiator": _initiator(found.initiator, accounts),
        "durations": found.durations(),
        "status": _status(found, host),
    }
    if found.started_at:
        shown["startedAt"] = found.started_at
    if found.finished_at:
        shown["finishedAt"] = found.finished_at
    return shown


def schedule(found: Schedule, accounts: Accounts) -> dict[str, Any]:
    last = {"id": found.last_job, "at": found.last_at} if found.last_job else None
    return {
        "id": found.id,
        "type": "scheduled-job",
        "createdAt": found.created_at,
        "schedule": found.schedule,
        "suspend": found.suspend,
        "concurrency": found.concurrency,
        "status": {"lastJob": last, "nextJobRunAt": found.next_at},
        "owner": owner(found.owner, accounts),
        "initiator": owner(found.creator, accounts),
        "jobSpec": spec(found.spec),
    }


def webhook_job(given: Spec) -> dict[str, Any]:
    keys = ("dockerImage", "spaceId", "arguments", "command", "flavor", "labels")
    shown = {key: given[key] for key in keys if given.get(key)}
    return shown | {
        "environment": given.get("environment", {}),
        "timeoutSeconds": given.get("timeoutSeconds"),
        "secrets": list(given.get("secrets", {})),
    }


def spec(given: Spec) -> dict[str, Any]:
    shown = {key: given[key] for key in _AS_GIVEN if given.get(key)}
    return shown | {
        "environment": given.get("environment", {}),
        "secrets": list(given.get("secrets", {})),
        "labels": given.get("labels", {}),
        "timeout": given.get("timeoutSeconds") or DEFAULT_TIMEOUT,
        "retry": given.get("attempts", 1) - 1,
    }


def owner(name: str, accounts: Accounts) -> dict[str, str]:
    kind = "org" if name in accounts.orgs else "user"
    return {"id": stable_id(name), "name": name, "type": kind, "avatarUrl": AVATAR}


def _initiator(initiator: dict[str, str], accounts: Accounts) -> dict[str, str]:
    return owner(initiator["name"], accounts) if "name" in initiator else initiator


def _status(found: Job, host: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"stage": found.stage, "message": found.message, "failureCount": found.failures}
    ports = (found.spec.get("expose") or {}).get("ports")
    if ports and found.stage == "RUNNING":
        shown["exposeUrls"] = [f"http://{host}:{port}" for port in ports]
    return shown

"""One space: what runs, what was deployed, what holds it back."""

from datetime import datetime, timedelta
from typing import Any

from spaceport.dashboard.stories import samples
from spaceport.dashboard.stories.story import EVERYTHING, VIEWER, Story
from spaceport.deployments.states import Status
from spaceport.runtime.model import ReplicasPublic, RuntimePublic, ServedPublic
from spaceport.spaces.deploy_rules import Lock
from spaceport.spaces.drift import Difference

_THEIRS = "0c4d11aa" * 5
_DRIFT = (
    Difference(field="runtime_sha", expected=samples.HUB_SHA, observed=_THEIRS),
    Difference(field="hardware", expected="t4-small", observed="cpu-basic"),
    Difference(field="sleep_time", expected=3600, observed=-1),
    Difference(field="secret:HF_TOKEN", expected="version 2", observed=None),
)


def stories(now: datetime) -> list[Story]:
    lock: dict[str, Any] = {"lock": Lock(reason="the fair is on", expires_at=now + timedelta(hours=4))}
    forever: dict[str, Any] = {"lock": Lock(reason="moved to another account")}
    frozen: dict[str, Any] = {"frozen_until": now + timedelta(hours=1)}
    drifted: dict[str, Any] = {"space": samples.space(drifted_at=now - timedelta(hours=3)), "differences": _DRIFT}
    bare: dict[str, Any] = {
        "space": samples.space(source=None, host=None, auto_deploy=False, release_count=0),
        "release": None,
        "deployments": [],
        "cost": samples.cost(),
    }
    wanted = {"hardware": "cpu-basic", "requested_hardware": "t4-small"}
    theirs = {"served": ServedPublic(sha=_THEIRS, ours=False, deployment_id=None, release=None)}
    failed = {"error": "Memory limit exceeded (16Gi)"}
    return [
        _space("Running", now),
        _space("Running on other hardware than was asked for", now, stage="RUNNING_BUILDING", runtime=wanted),
        _space("Paused", now, stage="PAUSED", runtime={"served": None, "hardware": None}),
        _space("Drifted", now, runtime=theirs, **drifted),
        _space("Configuration waits", now, waiting=3),
        _space("The Hub reports an error", now, stage="RUNTIME_ERROR", runtime=failed),
        _space("Nothing deployed and no source", now, stage=None, **bare),
        _space("Locked, with more deployments than are shown", now, more=True, **lock),
        _space("For a viewer, without buttons", now, **VIEWER),
        _held("A lock that ends", **lock),
        _held("A lock without an end", **forever),
        _held("A lock, for a viewer", **lock, **VIEWER),
        _held("A freeze", **frozen),
    ]


def _space(title: str, now: datetime, *, stage: str | None = "RUNNING", **facts: Any) -> Story:
    space = facts.setdefault("space", samples.space())
    release = facts.pop("release", 7)
    statuses = (Status.SUCCEEDED, Status.FAILED, Status.SUPERSEDED)
    usual = {
        "row": samples.listed(space, now, stage, release=release),
        "waiting": 0,
        "cost": samples.cost(usd_to_date=3.2, usd_forecast=4.9),
        "differences": [],
        "deployments": [samples.deployment(each, now, number=12 - i) for i, each in enumerate(statuses)],
        "more": False,
        "lock": None,
        "frozen_until": None,
    }
    runtime = _runtime(now, stage=stage, **facts.pop("runtime", {})) if stage else None
    return Story("space", title, usual | EVERYTHING | facts | {"runtime": runtime})


def _runtime(now: datetime, **facts: Any) -> RuntimePublic:
    usual: dict[str, Any] = {
        "hardware": "cpu-basic",
        "requested_hardware": "cpu-basic",
        "replicas": ReplicasPublic(current=1, requested=1),
        "sleep_time": 172_800,
        "dev_mode": False,
        "domains": [],
        "error": None,
        "served": ServedPublic(sha=samples.HUB_SHA, ours=True, deployment_id="dep_succeeded", release=7),
        "url": "https://acme-demo.hub.example",
        "observed_at": now,
        "age_seconds": 0.0,
    }
    return RuntimePublic(**usual | facts)


def _held(title: str, **facts: Any) -> Story:
    usual = {"space": samples.space(), "lock": None, "frozen_until": None} | EVERYTHING
    return Story("held", title, usual | facts)

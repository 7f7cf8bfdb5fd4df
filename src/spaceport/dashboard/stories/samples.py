"""A space and its deployments, as several fragments show them."""

from datetime import datetime, timedelta
from typing import Any

from spaceport.costs.model import HardwareUsage, MonthCost, SpaceCost
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.fleet.model import DeploymentLine, ReleaseLine, SpaceListed, Verdict
from spaceport.jobs.model import InitiatorType
from spaceport.spaces import queries
from spaceport.spaces.model import Sdk, Space, Visibility

COMMIT = "4f2a9c1d" * 5
HUB_SHA = "9b1c2d3e" * 5
GIT = {"kind": "git", "url": "https://git.example/acme/demo", "ref": "main", "folder": ""}

_FETCHED = ("revision", "commit_message", "commit_author")
_BEGUN = ("started_at", "pushed_at", "starting_at", "verifying_at")
_REACHED = {Status.QUEUED: 0, Status.PUSHING: 1, Status.BUILDING: 2, Status.STARTING: 3, Status.CANCELED: 2}


def space(**facts: Any) -> Space:
    usual: dict[str, Any] = {
        "id": "space_demo",
        "name": "demo",
        "sdk": Sdk.DOCKER,
        "visibility": Visibility.PUBLIC,
        "host": "https://acme-demo.hub.example",
        "source": GIT,
        "auto_deploy": True,
        "release_count": 8,
    }
    usual |= {"team_id": "team_acme", "hub_account_id": "hub_acme", "endpoint": "https://hub.example", "owner": "acme"}
    return Space(**usual | facts)


def deployment(status: Status, now: datetime, **facts: Any) -> Deployment:
    unknown = dict.fromkeys(_FETCHED) if status is Status.QUEUED else {}
    return Deployment(**_course(status, now) | _origin() | unknown | facts)


def listed(
    of: Space, now: datetime, stage: str | None, *, release: int | None = None, last: Deployment | None = None
) -> SpaceListed:
    brought: dict[str, Any] = {"deployment_id": "dep_7", "hub_sha": HUB_SHA, "revision": COMMIT, "created_at": now}
    return SpaceListed(
        **queries.public(of).model_dump(),
        stage=stage,
        current_hardware="cpu-basic" if stage else None,
        verdict=Verdict.UNKNOWN,
        drifted=of.drifted_at is not None,
        observed_at=now - timedelta(seconds=40) if stage else None,
        release=ReleaseLine(number=release, **brought) if release else None,
        last_deployment=DeploymentLine.model_validate(last) if last else None,
        usd_this_month=0.4 * (release or 0),
    )


def cost(**facts: Any) -> SpaceCost:
    """Nothing, but for what is given: of a month or of the whole."""
    month = dict.fromkeys(MonthCost.model_fields, 0.0)
    month |= {name: facts.pop(name) for name in month if name in facts}
    usual: dict[str, Any] = {"space": "acme/demo", "hardware": "cpu-basic", "usd_per_hour": 0.0, "running_share": 0.0}
    usual |= {"by_hardware": list[HardwareUsage](), "observed_at": None}
    return SpaceCost(**usual | facts, month=MonthCost(**month))


def _course(status: Status, now: datetime) -> dict[str, Any]:
    """How far it came, and how it ended."""
    begun, reached, failed = now - timedelta(minutes=2), _REACHED.get(status, 4), status is Status.FAILED
    times = {name: begun + timedelta(seconds=(1, 4, 38, 44)[i]) for i, name in enumerate(_BEGUN) if i < reached}
    ended: dict[str, Any] = {}
    if status.final:
        reason = "The app answered 500 at /health, three times in a row."
        ended = {"finished_at": now - timedelta(seconds=70), "reason": reason}
    return (
        times
        | ended
        | {
            "id": f"dep_{status}",
            "number": 12,
            "status": status,
            "waiting_for": "slot" if status is Status.QUEUED else None,
            "reason_code": "health_check_failed" if failed else None,
            "fix": "Read the last lines of the app's log below; the first error there is the cause."
            if failed
            else None,
            "hub_sha": HUB_SHA if reached > 1 else None,
            "release": 7 if status is Status.SUCCEEDED else None,
            "created_at": begun,
        }
    )


def _origin() -> dict[str, Any]:
    return {
        "team_id": "team_acme",
        "space_id": "space_demo",
        "trigger": "dashboard",
        "initiator_type": InitiatorType.USER,
        "initiator_id": "usr_ada",
        "initiator_name": "Ada",
        "source": GIT,
        "revision": COMMIT,
        "commit_message": "Answer health checks before the model is loaded",
        "commit_author": "Ada <ada@example.org>",
        "pushed": True,
        "url": "https://acme-demo.hub.example",
    }

"""Each fragment in each state on one page, for the people who work on them. Only with `STORYBOOK=true`."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from spaceport import clock
from spaceport.configuration.model import Kind, Version
from spaceport.configuration.volumes import Volume
from spaceport.dashboard import render, story_pushes, words
from spaceport.dashboard.spaces import Asked
from spaceport.deployments import timeline
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.fleet.model import DeploymentLine, Listing, ReleaseLine, SpaceListed, Verdict
from spaceport.jobs.model import InitiatorType
from spaceport.runtime import domains
from spaceport.spaces import gates, queries
from spaceport.spaces.deploy_rules import Lock
from spaceport.spaces.model import Sdk, Space, Visibility

router = APIRouter()

STAGES = ("RUNNING", "RUNNING_BUILDING", "BUILDING", "APP_STARTING", "PAUSED", "SLEEPING", "NO_APP_FILE", "BUILD_ERROR")
_MOUNTS = ("there", "staged", "leaving")
_USUAL = {"Waiting": 0.4, "Push": 3.0, "Build": 41.0, "Start": 6.0, "Health check": 5.0}
_BEGUN = ("started_at", "pushed_at", "starting_at", "verifying_at")
_REACHED = {Status.QUEUED: 0, Status.PUSHING: 1, Status.BUILDING: 2, Status.STARTING: 3, Status.CANCELED: 2}


@router.get("/storybook")
def storybook_page(request: Request) -> Response:
    now = clock.now()
    space = _space()
    deployments = [_deployment(status, now) for status in Status]
    stories = [
        {"name": each.status.value, "deployment": each, "steps": timeline.steps(each, _USUAL, now), **_held(each, now)}
        for each in [*deployments, *(_waiting(gate, now) for gate in gates.GATES)]
    ]
    lines = [_line(stage, deployments[i % len(deployments)], i, now) for i, stage in enumerate((*STAGES, None))]
    return render.page(
        request,
        "storybook.html",
        signs=[words.stage(stage) for stage in (*STAGES, None)] + [words.status(status) for status in Status],
        stories=stories,
        space=space,
        lock=Lock(reason="the fair is on", expires_at=now + timedelta(hours=4)),
        frozen_until=now + timedelta(hours=1),
        found=Listing(lines, len(lines), len(lines)),
        asked=Asked(),
        pages=1,
        teams={},
        mine=frozenset(),
        **_settled(space),
        **story_pushes.context(now),
    )


def _settled(space: Space) -> dict[str, Any]:
    """What configuration and settings are made of."""
    versions = [
        Version(space_id=space.id, kind=Kind.SECRET, key="HF_TOKEN", version=2, set_by_name="Ada", description="reads"),
        Version(space_id=space.id, kind=Kind.SECRET, key="OLD", version=3, set_by_name="Ada", deleted=True),
        Version(space_id=space.id, kind=Kind.SECRET, key="BAD", version=1, set_by_name="Ada", refusal="Too long."),
        Version(space_id=space.id, kind=Kind.SECRET, key="THEIRS", version=1, applied_at=clock.now()),
    ]
    paths = [Volume(type="bucket", source=f"acme/{state}", mount_path=f"/{state}") for state in _MOUNTS]
    stages = ("READY", "PENDING", "MISCONFIGURED")
    return {
        "lists": {"secrets": versions, "variables": []},
        "staged": versions[:3],
        "mounts": list(zip(paths, _MOUNTS, strict=True)),
        "typed": {"form": ""},
        "stage": "RUNNING",
        "domains": [domains.public({"domain": "app.example.com", "stage": each, "isCustom": True}) for each in stages],
    }


def _waiting(gate: str, now: datetime) -> Deployment:
    waiting = _deployment(Status.QUEUED, now)
    waiting.id, waiting.waiting_for, waiting.source = f"dep_{gate}", gate, waiting.source | {"ref": "4f2a9c1d" * 5}
    return waiting


def _held(deployment: Deployment, now: datetime) -> dict[str, Any]:
    frozen = deployment.waiting_for == gates.FREEZE
    return {"lock": None, "frozen_until": now + timedelta(hours=1) if frozen else None}


def _space() -> Space:
    return Space(
        id="space_story",
        team_id="team_story",
        hub_account_id="hub_story",
        endpoint="https://hub.example",
        owner="acme",
        name="demo",
        sdk=Sdk.DOCKER,
        visibility=Visibility.PUBLIC,
    )


def _deployment(status: Status, now: datetime) -> Deployment:
    begun = now - timedelta(minutes=2)
    reached = _REACHED.get(status, 4)
    times: dict[str, Any] = {
        name: begun + timedelta(seconds=(1, 4, 38, 44)[i]) for i, name in enumerate(_BEGUN) if i < reached
    }
    failed = status is Status.FAILED
    return Deployment(
        id=f"dep_{status}",
        team_id="team_story",
        space_id="space_story",
        number=12,
        status=status,
        waiting_for="slot" if status is Status.QUEUED else None,
        reason_code="health_check_failed" if failed else None,
        reason="The app answered 500 at /health, three times in a row." if status.final else None,
        fix="Read the last lines of the app's log below; the first error there is the cause." if failed else None,
        trigger="dashboard",
        initiator_type=InitiatorType.USER,
        initiator_id="usr_story",
        initiator_name="Ada",
        source={"kind": "git", "url": "https://git.example/acme/demo", "ref": "main"},
        revision="4f2a9c1d" * 5,
        commit_message="Answer health checks before the model is loaded",
        commit_author="Ada <ada@example.org>",
        hub_sha="9b1c2d3e" * 5 if reached > 1 else None,
        pushed=True,
        url="https://acme-demo.hub.example",
        release=7 if status is Status.SUCCEEDED else None,
        created_at=begun,
        finished_at=now - timedelta(seconds=70) if status.final else None,
        **times,
    )


def _line(stage: str | None, deployment: Deployment, index: int, now: datetime) -> SpaceListed:
    space = _space()
    space.id, space.name, space.sdk = f"space_{index}", f"story-{index}", list(Sdk)[index % len(Sdk)]
    space.host = "https://acme-story.hub.example" if index % 2 else None
    release = ReleaseLine(number=index, deployment_id="dep_story", hub_sha="", revision="", created_at=now)
    return SpaceListed(
        **queries.public(space).model_dump(),
        stage=stage,
        current_hardware="cpu-basic",
        verdict=Verdict.UNKNOWN,
        drifted=index == 1,
        observed_at=now,
        release=release if index else None,
        last_deployment=DeploymentLine.model_validate(deployment, update={"id": f"dep_{index}"}),
        usd_this_month=0.4 * index,
    )

"""A team with very many Spaces, as rows: what pages and lists are measured and counted with."""

from datetime import timedelta

from sqlmodel import Session

import spaceport.main  # noqa: F401 - the only module that knows every table
from spaceport import clock
from spaceport.deployments.model import Deployment, LogLine, Release
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType
from spaceport.runtime.model import Observation, SpaceUsage
from spaceport.spaces.model import Sdk, Space, Visibility

SHA = "a" * 40
MESSAGE = "Answer health checks before the model is loaded\n\nIt takes a minute."
# Of ten Spaces: seven run, one deploys, one has failed, one sleeps and was never deployed.
DEPLOYING, FAILING, ASLEEP = 7, 8, 9


def fill(session: Session, like: Space, count: int = 1000) -> None:
    """`acme/many-0` and so on, in the team of `like`, each with a deployment."""
    same = {name: getattr(like, name) for name in ("team_id", "hub_account_id", "endpoint")}
    spaces = [
        Space(
            **same,
            owner="acme",
            name=f"many-{number}",
            sdk=Sdk.GRADIO if number % 3 == 0 else Sdk.DOCKER,
            visibility=Visibility.PUBLIC,
            host=f"https://acme-many-{number}.hub.example",
            source={"kind": "git", "url": "https://git.example/acme/many", "ref": "main", "folder": f"app-{number}"},
            drift=[{"field": "hardware", "expected": "cpu-basic", "observed": "t4-small"}] if number % 50 == 0 else [],
        )
        for number in range(count)
    ]
    session.add_all(spaces)
    session.flush()
    _keep(session, [_deployment(space, 1, kind=n % 10, age=n) for n, space in enumerate(spaces) if n % 10 != ASLEEP])
    session.add_all(row for number, space in enumerate(spaces) for row in _seen(space, number))


def history(session: Session, space: Space, *, deployments: int, lines: int) -> tuple[Deployment, Deployment]:
    """Deployments of one Space, and lines of log of its last two: one that went live, and one that failed after it."""
    kinds = [0] * (deployments - 1) + [FAILING]
    made = [_deployment(space, at + 1, kind=kind, age=deployments - at) for at, kind in enumerate(kinds)]
    _keep(session, made)
    for each in made[-2:]:
        each.log_count, each.log_positions = lines, {"build": {"first": clock.now().isoformat(), "count": lines}}
        facts = {"deployment_id": each.id, "step": "build", "at": clock.now()}
        session.add_all(LogLine(**facts, seq=n, line=f"Collecting wheel {n} of {lines}") for n in range(1, lines + 1))
    space.deployment_count, space.release_count = deployments, deployments - 1
    session.add_all(_seen(space, 1))
    return made[-2], made[-1]


def _keep(session: Session, deployments: list[Deployment]) -> None:
    session.add_all(deployments)
    session.flush()
    session.add_all(_release(each) for each in deployments if each.release)


def _deployment(space: Space, number: int, *, kind: int, age: int) -> Deployment:
    status = {DEPLOYING: Status.QUEUED, FAILING: Status.FAILED}.get(kind, Status.SUCCEEDED)
    now = clock.now()
    return Deployment(
        team_id=space.team_id,
        space_id=space.id,
        number=number,
        status=status,
        trigger="webhook",
        initiator_type=InitiatorType.USER,
        initiator_id="usr_x",
        initiator_name="Ada",
        source=space.source or {},
        revision=SHA,
        commit_message=MESSAGE,
        hub_sha=SHA,
        release=number if status is Status.SUCCEEDED else None,
        reason="The app answered 500 at /health." if status is Status.FAILED else None,
        created_at=now - timedelta(minutes=age),
        finished_at=now if status.final else None,
    )


def _release(deployment: Deployment) -> Release:
    return Release(
        team_id=deployment.team_id,
        space_id=deployment.space_id,
        deployment_id=deployment.id,
        number=deployment.number,
        hub_sha=SHA,
        revision=SHA,
        configuration={},
    )


def _seen(space: Space, number: int) -> list[Observation | SpaceUsage]:
    stage = "SLEEPING" if number % 10 == ASLEEP else "RUNNING"
    counted = {"seconds": 3600, "unpriced_seconds": 0, "unobserved_seconds": 0}
    today = clock.now().date()
    return [
        Observation(space_id=space.id, stage=stage, runtime_sha=SHA, hardware="t4-small", observed_at=clock.now()),
        SpaceUsage(space_id=space.id, day=today, hardware="t4-small", micro_usd=1000 * number, **counted),
    ]

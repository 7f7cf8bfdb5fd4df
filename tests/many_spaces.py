"""A team with very many Spaces, as rows: what pages and lists are measured and counted with."""

from datetime import timedelta

from sqlmodel import Session

from spaceport import clock
from spaceport.deployments.model import Deployment, Release
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType
from spaceport.runtime.model import Observation, SpaceUsage
from spaceport.spaces.model import Sdk, Space, Visibility

SHA = "a" * 40
MESSAGE = "Answer health checks before the model is loaded\n\nIt takes a minute."
# Of ten Spaces: seven run, one deploys, one has failed, one sleeps and was never deployed.
DEPLOYING, FAILING, ASLEEP = 7, 8, 9


def fill(session: Session, like: Space, count: int = 1000, *, deployments: int = 1) -> list[Space]:
    """`acme/many-0` and so on, in the team of `like`, each with this many deployments."""
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
    made = [
        _deployment(space, number, at, last=at == deployments)
        for number, space in enumerate(spaces)
        for at in range(1, deployments + 1)
        if number % 10 != ASLEEP
    ]
    session.add_all(made)
    session.flush()
    session.add_all(_release(each) for each in made if each.release)
    session.add_all(row for number, space in enumerate(spaces) for row in _seen(space, number))
    return spaces


def _deployment(space: Space, number: int, at: int, *, last: bool) -> Deployment:
    kind = number % 10 if last else 0
    status = {DEPLOYING: Status.QUEUED, FAILING: Status.FAILED}.get(kind, Status.SUCCEEDED)
    now = clock.now()
    return Deployment(
        team_id=space.team_id,
        space_id=space.id,
        number=at,
        status=status,
        trigger="webhook",
        initiator_type=InitiatorType.USER,
        initiator_id="usr_x",
        initiator_name="Ada",
        source=space.source,
        revision=SHA,
        commit_message=MESSAGE,
        hub_sha=SHA,
        release=at if status is Status.SUCCEEDED else None,
        reason="The app answered 500 at /health." if status is Status.FAILED else None,
        created_at=now - timedelta(minutes=number),
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

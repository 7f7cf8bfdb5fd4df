"""The steps of a deployment, and how long each took."""

from datetime import UTC, datetime, timedelta

from spaceport.deployments import timeline
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BEGUN = ("started_at", "pushed_at", "starting_at", "verifying_at", "finished_at")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def deployment(status: Status, **times: float) -> Deployment:
    return Deployment(
        team_id="t",
        space_id="s",
        number=1,
        status=status,
        trigger="api",
        initiator_type=InitiatorType.USER,
        initiator_id="u",
        source={},
        created_at=START,
        **{name: at(seconds) for name, seconds in times.items()},
    )


def shown(steps: list[timeline.Step]) -> list[tuple[str, float | None]]:
    return [(step.state, step.seconds) for step in steps]


def test_each_step_lasts_until_the_next_one_begins():
    done = deployment(Status.SUCCEEDED, **dict(zip(BEGUN, (1, 3, 33, 35, 40), strict=True)))
    steps = timeline.steps(done, {"Build": 28.0}, at(99))
    assert shown(steps) == [("done", 1), ("done", 2), ("done", 30), ("done", 2), ("done", 5)]
    assert [step.usual for step in steps] == [None, None, 28.0, None, None]


def test_a_running_step_is_counted_until_now_and_the_rest_is_to_come():
    steps = timeline.steps(deployment(Status.BUILDING, started_at=1, pushed_at=3), {}, at(10))
    assert shown(steps) == [("done", 1), ("done", 2), ("active", 7), ("ahead", None), ("ahead", None)]


def test_a_failure_is_shown_at_the_step_that_it_ended():
    failed = deployment(Status.FAILED, started_at=1, pushed_at=3, finished_at=10)
    assert shown(timeline.steps(failed, {}, at(99)))[2] == ("failed", 7)
    canceled = deployment(Status.CANCELED, finished_at=4)
    assert shown(timeline.steps(canceled, {}, at(99)))[0] == ("stopped", 4)


def test_a_step_that_was_left_out_has_no_duration():
    done = deployment(Status.SUCCEEDED, started_at=1, pushed_at=3, verifying_at=9, finished_at=12)
    assert shown(timeline.steps(done, {}, at(99)))[2:] == [("done", 6), ("done", None), ("done", 3)]

"""Logs and events of long ago are let go, and what somebody may still ask for is not."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from spaceport import clock
from spaceport.deployments import frames, log, queries, retention
from spaceport.deployments.model import Deployment, Release
from spaceport.deployments.states import Status
from spaceport.events.model import Event
from spaceport.events.record import record
from spaceport.hub import LogLine
from spaceport.reconcile import run
from spaceport.spaces.model import Space

LONG_AGO = timedelta(days=91)


def ended(bench, space, *, ago=LONG_AGO, lines=3, status=Status.SUCCEEDED, **facts) -> str:
    """A deployment with a log and its final event; its id."""
    at = clock.now() - ago
    made = bench.deployment(space, status, **{"finished_at": at if status.final else None} | facts)
    with bench.database.unit_of_work() as session:
        deployment = session.get_one(Deployment, made.id)
        log.append(session, deployment, "build", [LogLine(at, f"line {number}") for number in range(lines)])
        event = Event(
            kind=f"deployment.{status}",
            team_id=space.team_id,
            space_id=space.id,
            deployment_id=made.id,
            actor="worker",
            at=at,
        )
        session.add(event)
    return made.id


def newer(bench, space, count=retention.NEWEST) -> None:
    for _ in range(count):
        bench.deployment(space, Status.FAILED)


def release(bench, space, deployment_id, number) -> None:
    with bench.database.unit_of_work() as session:
        session.add(
            Release(
                team_id=space.team_id,
                space_id=space.id,
                deployment_id=deployment_id,
                number=number,
                hub_sha="e" * 40,
                revision="e" * 40,
                configuration={},
            )
        )


def prune(bench, **settings) -> None:
    object.__setattr__(bench.instance, "settings", bench.instance.settings.model_copy(update=settings))
    while run._prune(bench.instance):
        pass


def lines(bench, deployment_id) -> int:
    with bench.database.unit_of_work() as session:
        return len(queries.log_page(session, deployment_id, after=0, limit=100, step=None))


def read(bench, deployment_id) -> Deployment:
    with bench.database.unit_of_work() as session:
        return session.get_one(Deployment, deployment_id)


def test_the_lines_of_a_deployment_of_long_ago_go_and_it_stays_with_when(bench):
    space = bench.row("retention-old")
    old, young = ended(bench, space), ended(bench, space, ago=timedelta(days=89))
    newer(bench, space)

    prune(bench)

    assert (lines(bench, old), lines(bench, young)) == (0, 3)
    gone, kept = read(bench, old), read(bench, young)
    assert gone.log_pruned_at is not None
    assert (gone.log_count, gone.status, kept.log_pruned_at) == (3, Status.SUCCEEDED, None)


def test_the_live_release_and_the_latest_deployments_keep_theirs(bench):
    space = bench.row("retention-live")
    before, live = ended(bench, space), ended(bench, space)
    release(bench, space, before, 1)
    release(bench, space, live, 2)
    latest = [ended(bench, space, status=Status.FAILED) for _ in range(retention.NEWEST)]

    prune(bench)

    assert lines(bench, before) == 0
    assert [lines(bench, each) for each in (live, *latest)] == [3] * (1 + retention.NEWEST)


def test_one_that_has_not_ended_keeps_its_lines_however_old_it_is(bench):
    space = bench.row("retention-running")
    running = ended(bench, space, status=Status.BUILDING)
    newer(bench, space)
    prune(bench)
    assert lines(bench, running) == 3


def test_of_a_space_that_is_not_managed_any_more_nothing_is_spared(bench):
    space = bench.row("retention-gone")
    only = ended(bench, space)
    release(bench, space, only, 1)
    with bench.database.unit_of_work() as session:
        session.get_one(Space, space.id).deleted_at = clock.now()
    prune(bench)
    assert lines(bench, only) == 0


def test_nothing_goes_where_the_operator_keeps_all(bench):
    space = bench.row("retention-all")
    old = ended(bench, space, ago=timedelta(days=5000))
    newer(bench, space)
    prune(bench, log_retention_days=0, event_retention_days=0)
    assert (lines(bench, old), len(bench.events(space))) == (3, 1)


def test_many_are_let_go_in_bites_and_by_several_replicas_at_once(bench, tmp_path):
    space = bench.row("retention-many")
    old = [ended(bench, space) for _ in range(25)]
    newer(bench, space)
    with bench.database.unit_of_work() as session, bench.database.unit_of_work() as other:
        assert retention.prune_logs(session, days=90)
        assert retention.prune_logs(other, days=90)
    assert sum(lines(bench, each) == 0 for each in old) == 20
    prune(bench)
    assert not any(lines(bench, each) for each in old)


def test_events_go_after_their_time_but_not_those_of_a_deployment_whose_log_is_kept(bench):
    space = bench.row("retention-events")
    ago = timedelta(days=401)
    gone = ended(bench, space, ago=ago)
    live = ended(bench, space, ago=ago)
    release(bench, space, live, 1)
    newer(bench, space)
    with bench.database.unit_of_work() as session:
        record(session, "space.restarted", team_id=space.team_id, actor="usr_x", space_id=space.id)
        record(session, "space.paused", team_id=space.team_id, actor="usr_x", space_id=space.id)
        old = text("UPDATE event SET at = now() - interval '401 days' WHERE kind = 'space.paused'")
        session.execute(old)

    prune(bench)

    left = [(event.kind, event.deployment_id) for event in bench.events(space)]
    assert left == [("deployment.succeeded", live), ("space.restarted", None)]
    assert lines(bench, gone) == 0


@pytest.mark.parametrize("days", [90, 0])
def test_whoever_follows_one_whose_log_is_gone_sees_the_end_and_is_not_sent_round_in_circles(bench, days):
    space = bench.row(f"retention-follow-{days}")
    old = ended(bench, space)
    newer(bench, space)
    prune(bench, log_retention_days=days)
    with bench.database.unit_of_work() as session:
        deployment = session.get_one(Deployment, old)
        begun = frames.resume(session, deployment, None)
    assert begun == (0, 0)
    batch = frames.DeploymentReader(bench.database).read(old, begun, None)
    assert batch.ended
    assert b"deployment.succeeded" in batch.frames
    with bench.database.unit_of_work() as session:
        assert frames.resume(session, deployment, f"{batch.cursor[0]}.{batch.cursor[1]}") is None
        # Also who had seen all of it before it went.
        assert frames.resume(session, deployment, f"{batch.cursor[0]}.3") is None

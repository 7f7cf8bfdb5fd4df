"""Asking for deployments and cancelling them: one slot per space, handed on, never lost and never given twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError
from tests.integration.deployments.conftest import Bench

from spaceport.db.database import Database
from spaceport.deployments import slot
from spaceport.deployments.model import Deployment, IfBusy
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.errors import Conflict, NotFound, SpaceportError
from spaceport.jobs.model import JobKind, JobStage

ACTIVE = "SELECT count(*) AS n FROM deployment WHERE status NOT IN ('succeeded', 'failed', 'canceled', 'superseded')"


def test_the_first_deployment_gets_the_slot_and_a_job_in_the_same_transaction(bench: Bench) -> None:
    deployment = bench.deployment(bench.request())
    assert (deployment.status, deployment.waiting_for, deployment.number) == (Status.QUEUED, None, 1)
    job = bench.job(deployment.id)
    assert (job.kind, job.stage, job.initiator_name) == (JobKind.PUSH, JobStage.SCHEDULING, "Ada")
    entry = bench.engine(job.engine_id)
    assert (entry["status"], entry["args"]) == ("todo", {"job_id": job.id})
    assert bench.events(deployment.id) == ["deployment.queued"]


def test_a_request_that_fails_leaves_neither_a_row_nor_a_job(bench: Bench) -> None:
    bench.request()
    before = bench.sql("SELECT count(*) AS n FROM procrastinate_jobs")
    with pytest.raises(Conflict):
        bench.request(IfBusy.REJECT)
    assert bench.sql("SELECT count(*) AS n FROM procrastinate_jobs") == before
    assert bench.deployment(bench.request(IfBusy.WAIT)).number == 2


def test_supersede_ends_what_is_queued_and_takes_its_place(bench: Bench) -> None:
    first = bench.request()
    second = bench.request(IfBusy.SUPERSEDE)
    old, new = bench.deployment(first), bench.deployment(second)
    assert (old.status, old.reason_code, old.superseded_by) == (Status.SUPERSEDED, "superseded", second)
    assert "#2" in (old.reason or "")
    assert (new.status, new.waiting_for) == (Status.QUEUED, None)
    assert bench.job(first).stage is JobStage.CANCELED
    assert bench.engine(bench.job(first).engine_id)["status"] == "cancelled"


def test_supersede_waits_for_one_that_runs_and_ends_all_that_wait(bench: Bench) -> None:
    running = bench.request()
    bench.advance(running, to=Status.BUILDING)
    waiting = [bench.request(IfBusy.WAIT) for _ in range(2)]
    newest = bench.request(IfBusy.SUPERSEDE)
    assert bench.deployment(running).status is Status.BUILDING
    assert bench.deployment(running).cancel_requested_at is None
    assert [bench.deployment(each).status for each in waiting] == [Status.SUPERSEDED] * 2
    assert bench.deployment(newest).waiting_for == "slot"


def test_supersede_running_also_asks_the_running_one_to_stop(bench: Bench) -> None:
    running = bench.request()
    bench.held(running)
    bench.advance(running, to=Status.BUILDING)
    newest = bench.request(IfBusy.SUPERSEDE_RUNNING)
    asked = bench.deployment(running)
    assert (asked.status, asked.superseded_by) == (Status.BUILDING, newest)
    assert asked.cancel_requested_at is not None
    assert bench.deployment(newest).waiting_for == "slot"


def test_wait_queues_behind_and_the_slot_is_handed_on_in_order(bench: Bench) -> None:
    first, second, third = (bench.request(IfBusy.WAIT) for _ in range(3))
    assert [bench.deployment(each).waiting_for for each in (first, second, third)] == [None, "slot", "slot"]
    assert bench.jobs(second) == []
    bench.end(first)
    assert [bench.deployment(each).waiting_for for each in (second, third)] == [None, "slot"]
    assert bench.kinds(second) == [JobKind.PUSH]
    bench.cancel(second)
    assert bench.deployment(third).waiting_for is None


def test_reject_names_the_deployment_in_the_way_and_what_to_do(bench: Bench) -> None:
    first = bench.request()
    with pytest.raises(Conflict) as refused:
        bench.request(IfBusy.REJECT)
    assert (refused.value.code, refused.value.facts["deployment_id"]) == ("space_busy", first)
    assert refused.value.fix
    bench.end(first)
    bench.request(IfBusy.REJECT)


def test_a_queued_deployment_is_canceled_at_once_and_says_that_nothing_was_touched(bench: Bench) -> None:
    first = bench.request()
    bench.cancel(first)
    ended = bench.deployment(first)
    assert (ended.status, ended.reason_code) == (Status.CANCELED, "canceled")
    assert "not touched" in (ended.reason or "")
    assert bench.job(first).stage is JobStage.CANCELED
    assert bench.events(first) == ["deployment.queued", "deployment.canceled"]


def test_a_running_deployment_is_asked_to_stop_once(bench: Bench) -> None:
    first = bench.request()
    bench.held(first)
    bench.advance(first, to=Status.BUILDING)
    for _ in range(2):
        bench.cancel(first)
    assert bench.deployment(first).status is Status.BUILDING
    assert bench.events(first).count("deployment.cancel_requested") == 1


def test_a_deployment_that_waits_to_be_tried_again_ends_at_once_when_canceled(bench: Bench) -> None:
    first = bench.request()
    following = bench.request(IfBusy.WAIT)
    bench.advance(first, to=Status.BUILDING)
    bench.cancel(first)
    ended = bench.deployment(first)
    assert ended.status is Status.CANCELED
    assert "Commit aaaaaaa is on the Space" in (ended.reason or "")
    assert bench.deployment(following).waiting_for is None
    assert bench.claim(first) is None


def test_a_push_that_waits_to_be_tried_again_does_not_claim_to_know_what_it_left(bench: Bench) -> None:
    first = bench.request()
    bench.sql("UPDATE deployment SET status = 'pushing'")
    newer = bench.request(IfBusy.SUPERSEDE_RUNNING)
    ended = bench.deployment(first)
    assert (ended.status, ended.superseded_by) == (Status.SUPERSEDED, newer)
    assert "may have left a commit" in (ended.reason or "")
    assert bench.deployment(newer).waiting_for is None


def test_what_has_ended_cannot_be_canceled(bench: Bench) -> None:
    first = bench.request()
    bench.end(first)
    with pytest.raises(Conflict) as refused:
        bench.cancel(first)
    assert refused.value.code == "already_final"
    assert "failed" in refused.value.message


def test_a_space_that_was_dropped_meanwhile_gets_no_deployment(bench: Bench) -> None:
    bench.sql("UPDATE space SET deleted_at = now()")
    with pytest.raises(NotFound):
        bench.request()
    assert bench.sql(ACTIVE)[0]["n"] == 0


def test_the_database_itself_refuses_a_second_holder_of_the_slot(bench: Bench) -> None:
    bench.request()
    second = bench.request(IfBusy.WAIT)
    with pytest.raises(IntegrityError, match="uq_deployment_slot"):
        bench.sql("UPDATE deployment SET waiting_for = NULL WHERE id = :id", id=second)


@pytest.mark.parametrize("if_busy", [IfBusy.SUPERSEDE, IfBusy.WAIT, IfBusy.REJECT])
def test_twenty_requests_at_once_give_the_slot_to_exactly_one(database_url: str, if_busy: IfBusy) -> None:
    database = Database(database_url, pool_size=20)
    bench = Bench(database)
    bench.space_id = bench.space()
    together = Barrier(20)

    def ask(_: int) -> str:
        together.wait()
        try:
            return bench.request(if_busy)
        except SpaceportError as error:
            return error.code

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(ask, range(20)))
    rows = bench.sql("SELECT number, status, waiting_for FROM deployment ORDER BY number")
    database.close()
    holders = [row for row in rows if row["status"] == "queued" and row["waiting_for"] is None]
    assert len(holders) == 1
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    expected = {IfBusy.SUPERSEDE: ("superseded", 19), IfBusy.WAIT: ("queued", 20), IfBusy.REJECT: ("queued", 1)}
    status, count = expected[if_busy]
    assert sum(row["status"] == status for row in rows) == count
    assert answers.count("space_busy") == (19 if if_busy is IfBusy.REJECT else 0)


def test_holding_back_what_is_over_the_limit_waits_for_nobody(database_url: str) -> None:
    """Whoever decides about a space may itself be waiting for the count: two that wait for each other never end."""
    database = Database(database_url, pool_size=4)
    bench = Bench(database, Limits(run=1))
    busy, passed_over, third = (bench.space(name) for name in ("busy", "passed-over", "third"))
    bench.request(space_id=busy)
    waiting = bench.request(space_id=passed_over)
    bench.sql("UPDATE deployment SET waiting_for = 'slot' WHERE id = :id", id=waiting)
    with ThreadPoolExecutor(1) as threads, database.unit_of_work() as session:
        slot.lock(session, passed_over)
        session.get_one(Deployment, waiting, with_for_update=True)
        over = threads.submit(bench.request, space_id=third).result(timeout=5)
    assert bench.deployment(over).waiting_for == "limit"
    database.close()


def test_requests_cancellations_and_ends_on_several_spaces_at_once_never_deadlock(database_url: str) -> None:
    """Under tight limits, where ending one space's deployment starts another's."""
    database = Database(database_url, pool_size=16)
    bench = Bench(database, Limits(push=2, run=3, team_push=2, team_run=3))
    spaces = [bench.space(f"space-{number}") for number in range(6)]

    def busy(number: int) -> str:
        try:
            deployment = bench.request(IfBusy.WAIT if number % 3 else IfBusy.SUPERSEDE, spaces[number % 6])
            bench.cancel(deployment)
        except Conflict:
            return "conflict"
        return "done"

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(busy, range(120)))
    left = bench.sql(ACTIVE)[0]["n"]
    database.close()
    assert set(answers) <= {"done", "conflict"}
    assert left == 0


def test_what_other_spaces_do_is_no_reason_to_wait(bench: Bench) -> None:
    for number in range(3):
        started = bench.deployment(bench.request(IfBusy.REJECT, bench.space(f"space-{number}")))
        assert started.waiting_for is None

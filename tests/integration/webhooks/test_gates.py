"""Approval, freezes and locks: what waits behind them holds no slot, and is let on in order."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.webhooks.conftest import LIMITS, later, sha

from spaceport.deployments import commands, gates, slot
from spaceport.deployments.commands import Initiator
from spaceport.deployments.model import Deployment, IfBusy
from spaceport.deployments.states import Status
from spaceport.errors import Conflict
from spaceport.jobs.model import InitiatorType
from spaceport.spaces.deploy_rules import Rules
from spaceport.spaces.model import Space

ADA = Initiator(InitiatorType.USER, "usr_ada", "Ada")
FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
WEEKEND = Rules(freeze_windows=[{"cron": "0 16 * * FRI", "duration_minutes": 60}])


@pytest.fixture
def space(bench):
    return bench.space("https://github.com/acme/app")


@pytest.fixture
def host(bench, space):
    return bench.hook(space)


def deploy(bench, space, **wanted):
    """By hand."""
    with bench.database.unit_of_work() as session:
        row = session.get_one(Space, space.id)
        return commands.request(session, LIMITS, row, source=row.source, initiator=ADA, **wanted)


def states(bench, space):
    return [(each.status.value, each.waiting_for) for each in bench.deployments(space)]


def approve(bench, deployment, revision=None):
    with bench.database.unit_of_work() as session:
        row = session.get_one(Deployment, deployment.id)
        gates.approve(session, LIMITS, row, actor="usr_ada", name="Ada", revision=revision)


def test_what_waits_for_approval_holds_no_slot(bench, space, host):
    bench.rules(space, Rules(approval=True))
    host.push(sha(1))
    assert states(bench, space) == [("queued", "approval")]
    with bench.database.unit_of_work() as session:
        slot.hand_on(session, LIMITS)
    bench.rules(space, Rules())

    deploy(bench, space, if_busy=IfBusy.WAIT)

    assert states(bench, space) == [("queued", "approval"), ("queued", None)]


def test_an_approved_deployment_starts_and_brings_the_very_revision_that_was_approved(bench, space, host):
    bench.rules(space, Rules(approval=True))
    host.push(sha(1))
    host.push(sha(2), before=sha(1))
    [waiting] = bench.deployments(space)
    assert waiting.source == space.source | {"ref": sha(2)}
    with pytest.raises(Conflict) as caught:
        approve(bench, waiting, revision=sha(1))
    assert caught.value.code == "revision_changed"

    approve(bench, waiting, revision=sha(2))

    assert states(bench, space) == [("queued", None)]
    with pytest.raises(Conflict) as caught:
        approve(bench, waiting)
    assert caught.value.code == "not_waiting_for_approval"


def test_a_push_after_the_approval_waits_for_one_of_its_own(bench, space, host):
    bench.rules(space, Rules(approval=True))
    host.push(sha(1))
    approve(bench, bench.deployments(space)[0])
    host.push(sha(2), before=sha(1))
    assert states(bench, space) == [("queued", None), ("queued", "approval")]


def test_a_rejected_deployment_ends_with_who_and_why(bench, space, host):
    bench.rules(space, Rules(approval=True))
    host.push(sha(1))
    [waiting] = bench.deployments(space)
    with bench.database.unit_of_work() as session:
        row = session.get_one(Deployment, waiting.id)
        gates.reject(session, LIMITS, row, actor="usr_ada", name="Ada", reason="not on a Friday")
    [ended] = bench.deployments(space)
    assert (ended.status, ended.reason_code) == (Status.CANCELED, "rejected")
    assert ended.reason == "Rejected by Ada: not on a Friday"


def test_what_is_asked_for_in_a_freeze_starts_when_it_is_over_by_hand_or_by_push(bench, space, host, monkeypatch):
    bench.rules(space, WEEKEND)
    later(monkeypatch, FRIDAY + timedelta(minutes=1))
    deploy(bench, space)
    host.push(sha(1))
    [only] = bench.deployments(space)
    assert only.waiting_for == "freeze", "the push joins what waits already"

    def thaw():
        with bench.database.unit_of_work() as session:
            assert gates.frozen(session) == [only.id]
            return gates.thaw(session, LIMITS, only.id)

    assert not thaw()
    later(monkeypatch, FRIDAY + timedelta(minutes=61))
    assert thaw()
    assert states(bench, space) == [("queued", None)]


def test_an_approval_in_a_freeze_lets_on_to_the_freeze(bench, space, host, monkeypatch):
    bench.rules(space, WEEKEND.model_copy(update={"approval": True}))
    later(monkeypatch, FRIDAY + timedelta(minutes=1))
    host.push(sha(1))
    approve(bench, bench.deployments(space)[0])
    assert states(bench, space) == [("queued", "freeze")]


def test_a_lock_refuses_by_hand_and_keeps_what_waits_waiting(bench, space, host):
    bench.rules(space, Rules(approval=True))
    host.push(sha(1))
    bench.rules(space, Rules(lock={"reason": "the fair is on"}))
    [waiting] = bench.deployments(space)
    for refused in (lambda: deploy(bench, space), lambda: approve(bench, waiting)):
        with pytest.raises(Conflict, match="locked: the fair is on") as caught:
            refused()
        assert caught.value.code == "space_locked"
    assert states(bench, space) == [("queued", "approval")]


def test_a_newcomer_behind_a_gate_does_not_take_the_place_of_one_that_may_start(bench, space, host):
    host.push(sha(1))
    running = bench.begin(space, sha(1))
    deploy(bench, space, if_busy=IfBusy.WAIT)
    bench.rules(space, Rules(approval=True))

    host.push(sha(2), before=sha(1))

    assert states(bench, space) == [("pushing", None), ("queued", "slot"), ("queued", "approval")]
    bench.end(running)
    assert states(bench, space)[1:] == [("queued", None), ("queued", "approval")]

"""When a branch is looked at again, and whether a head that was found is news."""

from datetime import UTC, datetime, timedelta

import pytest

from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType
from spaceport.reconcile.branches import due_at
from spaceport.reconcile.triggers import left_behind

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HEAD, OLD = "a" * 40, "b" * 40


def deployed(status=Status.SUCCEEDED, revision=OLD, ago=600.0):
    return Deployment(
        team_id="t",
        space_id="s",
        number=1,
        status=status,
        trigger="api",
        initiator_type=InitiatorType.USER,
        initiator_id="u",
        source={},
        revision=revision,
        created_at=NOW - timedelta(seconds=ago),
    )


@pytest.mark.parametrize(("active", "spread", "seconds"), [(True, 1.0, 60), (True, 0.9, 54), (False, 1.1, 990)])
def test_an_active_branch_is_looked_at_every_minute_and_an_idle_one_every_quarter_of_an_hour(active, spread, seconds):
    assert (due_at(NOW, spread, active=active) - NOW).total_seconds() == pytest.approx(seconds)


def test_a_head_that_came_after_the_newest_deployment_was_left_behind():
    assert left_behind(deployed(), HEAD, NOW)


def test_a_space_that_was_never_deployed_is_left_behind():
    assert left_behind(None, HEAD, NOW)


def test_a_head_that_is_deployed_is_no_news():
    assert not left_behind(deployed(revision=HEAD), HEAD, NOW)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PUSHING, Status.VERIFYING])
def test_a_deployment_under_way_is_left_to_end_first(status):
    assert not left_behind(deployed(status), HEAD, NOW)


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELED, Status.SUPERSEDED, Status.SUCCEEDED])
@pytest.mark.parametrize("revision", [None, OLD])
def test_a_head_that_was_known_when_the_newest_deployment_was_asked_for_is_never_tried_again(status, revision):
    assert not left_behind(deployed(status, revision, ago=-1), HEAD, NOW)

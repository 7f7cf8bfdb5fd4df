from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceport.deployments.states import IllegalTransition, Status, transition

FINAL = [Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.SUPERSEDED]
ROAD = [Status.QUEUED, Status.PUSHING, Status.BUILDING, Status.STARTING, Status.VERIFYING]


def allowed(current: Status, to: Status) -> bool:
    try:
        return transition(current, to) is to
    except IllegalTransition:
        return False


def test_exactly_four_statuses_are_final() -> None:
    assert {status for status in Status if status.final} == set(FINAL)


@pytest.mark.parametrize(("current", "to"), list(product(FINAL, Status)))
def test_nothing_leaves_a_final_status(current: Status, to: Status) -> None:
    assert not allowed(current, to)


@pytest.mark.parametrize("current", Status)
def test_only_what_was_verified_succeeds(current: Status) -> None:
    assert allowed(current, Status.SUCCEEDED) == (current is Status.VERIFYING)


@pytest.mark.parametrize(("current", "to"), list(product(ROAD, ROAD)))
def test_the_road_leads_forward_and_steps_may_be_skipped(current: Status, to: Status) -> None:
    assert allowed(current, to) == (ROAD.index(to) > ROAD.index(current))


@pytest.mark.parametrize(("current", "to"), list(product(ROAD, FINAL[1:])))
def test_whatever_is_under_way_may_end_without_success(current: Status, to: Status) -> None:
    assert allowed(current, to)


@given(st.lists(st.sampled_from(list(Status))))
def test_no_sequence_of_requests_revives_what_ended_or_succeeds_unverified(wanted: list[Status]) -> None:
    past = [Status.QUEUED]
    for to in wanted:
        if allowed(past[-1], to):
            past.append(to)
    assert not any(status in FINAL for status in past[:-1])
    assert len(set(past)) == len(past)
    if past[-1] is Status.SUCCEEDED:
        assert past[-2] is Status.VERIFYING

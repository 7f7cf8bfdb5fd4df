from itertools import islice
from typing import Any, cast

import pytest

from spaceport import clock
from spaceport.deployments.claim import Claim
from spaceport.deployments.model import Deployment
from spaceport.deployments.pipeline.build import _SETTLING_PAUSES, _growing, _Watch
from spaceport.deployments.states import Status
from spaceport.deployments.step import Step


def watch(**known: Any) -> _Watch:
    """As a run begins that takes over a deployment about which so much is known."""
    deployment = Deployment(status=Status.BUILDING, hub_sha="a" * 40, pushed_at=clock.now(), **known)
    nothing = cast("Any", None)
    return _Watch(Step(nothing, Claim(nothing, deployment, nothing, 1), nothing))


@pytest.mark.parametrize(
    ("known", "seen"),
    [
        ({}, False),
        ({"log_positions": {"run": {"first": "x", "count": 1}}}, False),
        ({"log_positions": {"build": {"first": "x", "count": 1}}}, True),
        ({"starting_at": clock.now()}, True),
    ],
    ids=["nothing", "a line of the app", "a line of our build", "a start"],
)
def test_a_run_that_takes_over_knows_what_the_one_before_it_saw(known: dict[str, Any], seen: bool) -> None:
    """Else a Hub that does not name the commit it serves would leave it waiting for a build that is over."""
    assert watch(**known)._seen_ours is seen


def test_pauses_grow_and_then_stay() -> None:
    assert tuple(islice(_growing(_SETTLING_PAUSES), 8)) == (*_SETTLING_PAUSES, *_SETTLING_PAUSES[-1:] * 2)

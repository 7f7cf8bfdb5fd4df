"""Where a Space on the Hub differs from what we last applied, and where it only looks so."""

from dataclasses import replace

import pytest

from spaceport.hub.model import NEVER
from spaceport.spaces.drift import Applied, Seen, differences
from spaceport.spaces.model import Sdk, Space, Visibility

OURS, BEFORE, THEIRS = "a" * 40, "b" * 40, "c" * 40
SEEN = Seen(sha=OURS, runtime_sha=OURS, private=False, hardware="t4-small", sleep_time=3600)
APPLIED = Applied(sha=OURS, release_sha=OURS)


def space(**facts):
    wanted = {"visibility": Visibility.PUBLIC, "hardware": "t4-small", "sleep_time": 3600} | facts
    return Space(team_id="t", hub_account_id="h", endpoint="e", owner="o", name="n", sdk=Sdk.DOCKER, **wanted)


def test_a_space_as_we_left_it_has_not_drifted():
    assert differences(space(), APPLIED, SEEN) == []


@pytest.mark.parametrize(
    ("seen", "field", "expected", "observed"),
    [
        (replace(SEEN, sha=THEIRS), "sha", OURS, THEIRS),
        (replace(SEEN, runtime_sha=THEIRS), "runtime_sha", OURS, THEIRS),
        (replace(SEEN, private=True), "visibility", "public", "private"),
        (replace(SEEN, hardware="a100-large"), "hardware", "t4-small", "a100-large"),
        (replace(SEEN, sleep_time=NEVER), "sleep_time", 3600, NEVER),
        (None, "exists", True, False),
    ],
)
def test_what_somebody_changed_is_named_with_both_values(seen, field, expected, observed):
    assert differences(space(), APPLIED, seen) == [{"field": field, "expected": expected, "observed": observed}]


def test_after_a_failed_deployment_the_release_before_it_may_go_on_serving():
    failed = Applied(sha=OURS, release_sha=BEFORE)
    assert differences(space(), failed, replace(SEEN, runtime_sha=BEFORE)) == []
    assert differences(space(), failed, SEEN) == []


def test_a_strange_commit_that_is_served_too_is_one_difference():
    seen = replace(SEEN, sha=THEIRS, runtime_sha=THEIRS)
    assert [difference["field"] for difference in differences(space(), APPLIED, seen)] == ["sha"]


def test_what_the_hub_does_not_say_is_no_drift():
    silent = Seen(sha=None, runtime_sha=None, private=False, hardware=None, sleep_time=None)
    assert differences(space(), APPLIED, silent) == []


def test_a_space_that_was_never_deployed_has_no_commit_to_drift_from():
    assert differences(space(), Applied(None, None), replace(SEEN, sha=THEIRS, runtime_sha=THEIRS)) == []


def test_what_we_do_not_manage_is_no_drift():
    assert differences(space(hardware=None, sleep_time=None), APPLIED, SEEN) == []


def test_free_hardware_sleeps_when_the_hub_says():
    free = replace(SEEN, hardware="cpu-basic", sleep_time=172_800)
    assert differences(space(hardware="cpu-basic"), APPLIED, free) == []


def test_a_protected_space_counts_as_neither_private_nor_public():
    for private in (True, False):
        assert differences(space(visibility=Visibility.PROTECTED), APPLIED, replace(SEEN, private=private)) == []

import pytest

from spaceport.deployments.observe import STALE_ERROR_AFTER, Verdict, judge
from spaceport.hub import Runtime
from spaceport.hub.model import BUILDING_STAGES, ERROR_STAGES, IDLE_STAGES, STARTING_STAGES

OURS, OLD = "a" * 40, "b" * 40


def verdict(stage: str, sha: str | None = None, *, seen_ours: bool = False, waited: float = 1.0) -> Verdict:
    return judge(Runtime(stage, sha), ours=OURS, seen_ours=seen_ours, waited=waited).verdict


@pytest.mark.parametrize("seen_ours", [False, True])
@pytest.mark.parametrize("waited", [0.0, 10_000.0])
def test_running_with_another_commit_never_counts_as_serving(seen_ours: bool, waited: float) -> None:
    assert verdict("RUNNING", OLD, seen_ours=seen_ours, waited=waited) is Verdict.UNSETTLED


@pytest.mark.parametrize("stage", ["RUNNING", *sorted(IDLE_STAGES)])
def test_our_commit_is_served_when_the_runtime_names_it(stage: str) -> None:
    assert verdict(stage, OURS) is Verdict.SERVING
    assert "names the pushed commit" in judge(Runtime(stage, OURS), ours=OURS, seen_ours=False, waited=0).evidence


def test_without_a_named_commit_running_counts_only_after_our_build_was_seen() -> None:
    assert verdict("RUNNING", None) is Verdict.UNSETTLED
    assert verdict("RUNNING", None, seen_ours=True) is Verdict.SERVING
    seen = judge(Runtime("RUNNING"), ours=OURS, seen_ours=True, waited=0)
    assert "did not name the commit" in seen.evidence


@pytest.mark.parametrize("stage", sorted(IDLE_STAGES))
def test_a_sleeping_space_that_names_no_commit_proves_nothing(stage: str) -> None:
    assert verdict(stage, None, seen_ours=True) is Verdict.UNSETTLED


@pytest.mark.parametrize("sha", [None, OLD, OURS])
@pytest.mark.parametrize("stage", sorted(BUILDING_STAGES | STARTING_STAGES))
def test_building_and_starting_are_told_apart_whatever_is_served_meanwhile(stage: str, sha: str | None) -> None:
    assert verdict(stage, sha) is (Verdict.BUILDING if stage in BUILDING_STAGES else Verdict.STARTING)


@pytest.mark.parametrize("stage", sorted(ERROR_STAGES))
def test_an_error_may_be_left_over_from_before_the_push(stage: str) -> None:
    assert verdict(stage, OLD) is Verdict.UNSETTLED
    assert verdict(stage, None, waited=STALE_ERROR_AFTER - 0.1) is Verdict.UNSETTLED


@pytest.mark.parametrize("stage", sorted(ERROR_STAGES))
def test_an_error_is_ours_when_named_seen_or_old_enough(stage: str) -> None:
    assert verdict(stage, OURS) is Verdict.FAILED
    assert verdict(stage, None, seen_ours=True) is Verdict.FAILED
    assert verdict(stage, OLD, waited=STALE_ERROR_AFTER) is Verdict.FAILED


@pytest.mark.parametrize("stage", sorted(ERROR_STAGES))
def test_a_failure_has_a_code_of_its_own_the_hubs_words_and_a_way_out(stage: str) -> None:
    failed = judge(Runtime(stage, OURS, error="exit code: 7"), ours=OURS, seen_ours=True, waited=0)
    assert failed.code
    assert failed.reason.endswith("The Hub said: exit code: 7")
    assert failed.fix
    codes = {judge(Runtime(each, OURS), ours=OURS, seen_ours=True, waited=0).code for each in ERROR_STAGES}
    assert len(codes) == len(ERROR_STAGES)


def test_a_paused_or_vanishing_space_ends_the_wait_and_an_unknown_stage_does_not() -> None:
    assert judge(Runtime("PAUSED"), ours=OURS, seen_ours=False, waited=0).code == "space_paused"
    assert judge(Runtime("DELETING"), ours=OURS, seen_ours=False, waited=0).code == "space_deleted"
    assert verdict("SOMETHING_NEW", OURS) is Verdict.UNSETTLED

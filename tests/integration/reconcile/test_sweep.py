"""Looking at many Spaces with few calls, and what is concluded from what the Hub says."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from spaceport import clock
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.hub import Runtime
from spaceport.reconcile import observations, sweep
from spaceport.runtime import observations as seen
from spaceport.runtime.model import Observation
from spaceport.spaces.model import Sdk, Visibility


def test_two_hundred_idle_spaces_cost_far_fewer_calls_than_250_in_five_minutes(bench):
    spaces = [bench.space() for _ in range(200)]
    bench.hub.clear_calls()

    for _ in range(5):
        bench.sweep()

    calls = [call for call in bench.hub.calls() if call["path"].startswith("/api/")]
    assert 0 < len(calls) <= 250
    assert len(calls) == 5, [call["path"] for call in calls]
    with bench.database.unit_of_work() as session:
        observed = [session.get_one(Observation, space.id) for space in spaces]
    assert {each.stage for each in observed} <= {"RUNNING", "NO_APP_FILE", "BUILDING"}
    assert all(each.hub_sha and each.visibility == "public" for each in observed)


def test_a_commit_behind_our_back_is_drift_once_it_was_seen_twice(bench):
    space = bench.space()
    ours = bench.live(space)
    theirs = bench.push_behind_our_back(space)

    bench.sweep()
    assert bench.fresh(space).drift == []
    bench.sweep()
    bench.sweep()

    drifted = bench.fresh(space)
    assert drifted.drift == [{"field": "sha", "expected": ours, "observed": theirs}]
    assert drifted.drifted_at is not None
    [event] = bench.events(space)
    assert (event.kind, event.data["differences"]) == ("space.drifted", drifted.drift)
    assert bench.hub.api().space_info(space.repo_id).sha == theirs


def test_a_changed_visibility_is_drift_until_it_is_changed_back(bench):
    space = bench.space()
    bench.hub.api().update_repo_settings(space.repo_id, repo_type="space", visibility="private")
    bench.sweep()
    bench.sweep()
    assert bench.fresh(space).drift == [{"field": "visibility", "expected": "public", "observed": "private"}]

    bench.hub.api().update_repo_settings(space.repo_id, repo_type="space", visibility="public")
    bench.sweep()

    assert (bench.fresh(space).drift, bench.fresh(space).drifted_at) == ([], None)
    assert [event.kind for event in bench.events(space)] == ["space.drifted", "space.drift_resolved"]


def test_a_second_change_of_the_same_thing_is_still_drift(bench):
    space = bench.space()
    bench.live(space)
    bench.push_behind_our_back(space)
    bench.sweep()
    bench.sweep()
    again = bench.hub.api().upload_file(
        path_or_fileobj=b"more", path_in_repo="more.txt", repo_id=space.repo_id, repo_type="space"
    )

    bench.sweep()

    assert [difference["observed"] for difference in bench.fresh(space).drift] == [again.oid]
    assert [event.kind for event in bench.events(space)] == ["space.drifted", "space.drifted"]


def test_a_space_deleted_on_the_hub_is_drift(bench):
    space = bench.space()
    bench.hub.api().delete_repo(space.repo_id, repo_type="space")

    bench.sweep()
    bench.sweep()

    assert bench.fresh(space).drift == [{"field": "exists", "expected": True, "observed": False}]


def test_a_space_renamed_on_the_hub_is_followed_to_its_new_name(bench):
    space = bench.space()
    bench.hub.api().move_repo(space.repo_id, f"{space.repo_id}-now", repo_type="space")

    bench.sweep()
    assert bench.fresh(space).repo_id == space.repo_id
    bench.sweep()

    found = bench.fresh(space)
    assert (found.repo_id, found.drift) == (f"{space.repo_id}-now", [])
    assert found.host == bench.hub.api().space_info(found.repo_id).host
    assert found.former_addresses == [space.repo_id.lower()]
    [event] = bench.events(space)
    assert (event.kind, event.actor, event.data["moved_from"]) == ("space.moved", "reconcile", space.repo_id)
    bench.sweep()
    assert (bench.fresh(space).drift, len(bench.events(space))) == ([], 1)


def test_a_space_renamed_to_what_is_managed_already_is_missing(bench):
    space = bench.space()
    bench.hub.api().move_repo(space.repo_id, f"{space.repo_id}-now", repo_type="space")
    bench.row(f"{space.name}-now")

    bench.sweep()
    bench.sweep()

    assert bench.fresh(space).drift == [{"field": "exists", "expected": True, "observed": False}]


def test_an_older_look_never_replaces_a_newer_one(bench):
    space = bench.space()
    now = clock.now()
    with bench.database.unit_of_work() as session:
        seen.keep(session, space.id, Runtime("PAUSED"), now)
        seen.keep(session, space.id, Runtime("RUNNING"), now - timedelta(seconds=1))
    with bench.database.unit_of_work() as session:
        assert session.get_one(Observation, space.id).stage == "PAUSED"


def test_changed_replicas_are_drift(bench):
    space = bench.row("twice", sdk=Sdk.DOCKER, replicas=2)
    bench.hub.api().create_repo("local/twice", repo_type="space", space_sdk="docker")

    bench.sweep()
    bench.sweep()

    assert bench.fresh(space).drift == [{"field": "replicas", "expected": 2, "observed": 1}]


def test_changed_hardware_of_a_docker_space_is_drift(bench):
    space = bench.row("dock", sdk=Sdk.DOCKER, hardware="cpu-basic")
    bench.hub.api().create_repo("local/dock", repo_type="space", space_sdk="docker")
    bench.hub.api().request_space_hardware("local/dock", "t4-small")

    bench.sweep()
    bench.sweep()

    assert bench.fresh(space).drift == [{"field": "hardware", "expected": "cpu-basic", "observed": "t4-small"}]


def test_our_own_deployment_under_way_is_no_drift(bench):
    space = bench.space()
    bench.live(space)
    bench.deployment(space, Status.BUILDING, started_at=clock.now())
    bench.push_behind_our_back(space)

    bench.sweep()
    bench.sweep()

    assert bench.fresh(space).drift == []


def test_what_we_changed_while_the_hub_was_asked_is_no_drift(bench, monkeypatch):
    """The list is from before the change, the row from after it."""
    space = bench.space()
    bench.hub.api().update_repo_settings(space.repo_id, repo_type="space", visibility="private")
    bench.sweep()
    store = observations.store

    def store_and_be_overtaken(session: Session, *arguments: Any):
        found = store(session, *arguments)
        mine = session.get_one(type(space), space.id)
        mine.visibility, mine.updated_at = Visibility.PRIVATE, clock.now()
        session.add(mine)
        return found

    monkeypatch.setattr(observations, "store", store_and_be_overtaken)
    bench.sweep()

    assert bench.fresh(space).drift == []


def test_a_successful_deployment_ends_drift_of_the_files_and_leaves_the_rest(bench):
    space = bench.space()
    bench.live(space)
    bench.push_behind_our_back(space)
    bench.hub.api().update_repo_settings(space.repo_id, repo_type="space", visibility="private")
    bench.sweep()
    bench.sweep()
    deployment = bench.deployment(space, Status.VERIFYING, hub_sha="d" * 40, pushed_at=clock.now())

    with bench.database.unit_of_work() as session:
        finish(session, Limits(), session.merge(deployment), Ending(Status.SUCCEEDED, "live", "Live."))

    assert [difference["field"] for difference in bench.fresh(space).drift] == ["visibility"]


@pytest.mark.parametrize("status", [429, 403])
def test_without_an_answer_nothing_is_concluded(bench, status):
    space = bench.space()
    bench.hub.fault(path="^/api/spaces$", status=status, count=None)
    try:
        bench.sweep()
        bench.sweep()
    finally:
        bench.hub.clear_faults()

    with bench.database.unit_of_work() as session:
        assert session.get(Observation, space.id) is None


def test_a_sweep_gives_way_when_less_than_a_quarter_of_the_quota_is_left(bench):
    bench.space()
    meter = bench.instance.budgets.of(bench.account.id)
    meter.observe({"RateLimit": '"api";r=200;t=200', "RateLimit-Policy": '"fixed window";"api";q=1000;w=300'})
    bench.hub.clear_calls()

    bench.sweep()
    assert bench.hub.calls() == []


def test_of_many_replicas_one_does_the_sweep_and_the_next_comes_a_minute_later(bench):
    bench.space()

    def claim(_: int):
        with bench.database.unit_of_work() as session:
            return sweep.claim(session)

    with ThreadPoolExecutor(4) as replicas:
        claimed = [found for found in replicas.map(claim, range(8)) if found]
    assert claimed == [(bench.account.id, "local")]


def test_the_next_sweep_comes_after_about_a_minute(bench, monkeypatch):
    bench.space()
    began = clock.now()

    def at(seconds: float):
        monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=seconds))
        with bench.database.unit_of_work() as session:
            return sweep.claim(session) is not None

    assert [at(1), at(50), at(70), at(71)] == [True, False, True, False]

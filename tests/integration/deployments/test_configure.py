"""Whose turn it is to bring staged configuration to the Hub, and what a release remembers of it."""

import pytest
from sqlmodel import select
from tests.integration.deployments.conftest import Bench

from spaceport import clock
from spaceport.configuration import applications
from spaceport.configuration.model import Application, Kind, Version
from spaceport.deployments import slot
from spaceport.deployments.model import Release
from spaceport.deployments.states import Status
from spaceport.errors import Conflict, SpaceportError, Unavailable


def stage(
    bench: Bench, key: str = "TOKEN", *, kind: Kind = Kind.SECRET, version: int = 1, applied: bool = False
) -> None:
    with bench.database.unit_of_work() as session:
        at = clock.now() if applied else None
        session.add(Version(space_id=bench.space_id, kind=kind, key=key, version=version, applied_at=at))


def begin(bench: Bench, deployment_id: str | None = None) -> Application | None:
    with bench.database.unit_of_work() as session:
        space = slot.lock(session, bench.space_id)
        return applications.begin(session, space, asked_by="usr_ada", deployment_id=deployment_id)


def begun(bench: Bench, deployment_id: str | None = None) -> Application:
    application = begin(bench, deployment_id)
    assert application is not None
    return application


def refusal(bench: Bench, deployment_id: str | None = None) -> SpaceportError:
    with pytest.raises(Unavailable) as raised:
        begin(bench, deployment_id)
    return raised.value


def test_nothing_begins_when_nothing_is_staged(bench: Bench) -> None:
    stage(bench, applied=True)
    assert begin(bench) is None


def test_a_space_has_one_at_a_time_and_others_are_told_to_wait(bench: Bench) -> None:
    stage(bench)
    begun(bench)
    for other in (None, "dep_other"):
        assert refusal(bench, other).code == "configuration_busy"
        assert refusal(bench, other).retry_after


def test_a_deployment_goes_on_with_what_its_own_earlier_run_began(bench: Bench) -> None:
    stage(bench)
    first = begun(bench, "dep_1")
    applications.mark(bench.database, first, touched=True, restart=True)
    second = begun(bench, "dep_1")
    assert (second.id, second.restart) == (first.id, True)
    with pytest.raises(Conflict, match="taken over"):
        applications.mark(bench.database, first)
    applications.mark(bench.database, second)


def test_one_that_was_left_is_gone_on_with_by_whoever_comes_next_even_if_nothing_is_staged(bench: Bench) -> None:
    """The Space may still be paused."""
    stage(bench)
    first = begun(bench)
    with bench.database.unit_of_work() as session:
        applications.leave(session, first, "The Hub did not answer.")
        assert [each.id for each in applications.left(session)] == [first.id]
    bench.sql("UPDATE configuration_version SET applied_at = now()")
    assert begun(bench, "dep_1").id == first.id


def test_a_space_is_free_while_no_deployment_holds_its_slot(bench: Bench) -> None:
    deployment = bench.request()
    with bench.database.unit_of_work() as session, pytest.raises(Conflict, match=deployment):
        slot.require_free(session, bench.space_id)
    bench.end(deployment)
    with bench.database.unit_of_work() as session:
        slot.require_free(session, bench.space_id)


def test_a_release_remembers_which_versions_were_on_the_hub_and_no_values(bench: Bench) -> None:
    stage(bench, "TOKEN", applied=True)
    stage(bench, "TOKEN", version=2, applied=True)
    stage(bench, "LATER")
    stage(bench, "COLOR", kind=Kind.VARIABLE, applied=True)
    deployment = bench.request()
    bench.advance(deployment, to=Status.VERIFYING)
    bench.end(deployment, Status.SUCCEEDED)
    with bench.database.unit_of_work() as session:
        release = session.exec(select(Release)).one()
    kept = {name: release.configuration[name] for name in ("secrets", "variables", "volumes")}
    assert kept == {"secrets": {"TOKEN": 2}, "variables": {"COLOR": 1}, "volumes": []}

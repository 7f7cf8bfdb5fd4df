"""What hardware there is and what it costs, through the REST door."""

from datetime import timedelta

import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.setting import code
from tests.localhub_server import LocalHub

from spaceport import clock
from spaceport.costs import tiers
from spaceport.db.database import Database
from spaceport.runtime.model import SpaceUsage

HARDWARE = "/api/v1/hardware"


def calls(hub: LocalHub) -> int:
    return len(hub.calls(path="/api/spaces/hardware"))


def test_each_tier_has_what_it_is_and_what_it_costs(crew: Crew) -> None:
    listed = {tier["name"]: tier for tier in crew.ask("viewer", "GET", HARDWARE).json()["items"]}
    t4 = listed["t4-small"]
    assert (t4["pretty_name"], t4["cpu"], t4["ram"]) == ("Nvidia T4 - small", "4 vCPU", "15 GB")
    assert (t4["accelerator"]["model"], t4["accelerator"]["vram"]) == ("T4", "16 GB")
    assert (t4["usd_per_hour"], listed["cpu-basic"]["usd_per_hour"]) == (0.4, 0)
    assert listed["cpu-basic"]["accelerator"] is None


def test_the_hub_is_asked_once_an_hour_and_what_it_said_serves_while_it_does_not_answer(
    crew: Crew, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = calls(hub)
    first = crew.done("GET", HARDWARE)
    assert crew.done("GET", HARDWARE) == first
    assert calls(hub) == before + 1

    assert tiers.FRESH_FOR.total_seconds() == 3600
    monkeypatch.setattr(tiers, "FRESH_FOR", timedelta(0))
    hub.fault(path="/api/spaces/hardware", status=503)
    assert crew.done("GET", HARDWARE) == first
    later = crew.done("GET", HARDWARE)
    assert calls(hub) == before + 3
    assert (later["items"], later["observed_at"] > first["observed_at"]) == (first["items"], True)


def test_a_hub_that_never_answered_is_said(crew: Crew, hub: LocalHub) -> None:
    hub.fault(path="/api/spaces/hardware", status=503)
    assert code(crew.ask("viewer", "GET", HARDWARE)) == (502, "hub_unavailable")


def test_what_was_observed_is_told_for_the_space_and_for_its_team(crew: Crew, database: Database) -> None:
    with database.unit_of_work() as session:
        counted = {"seconds": 1800, "micro_usd": 200_000, "unpriced_seconds": 0, "unobserved_seconds": 60}
        space = {"space_id": crew.ids["space_id"], "hardware": "t4-small"}
        session.add(SpaceUsage(**space, day=clock.now().date(), **counted))
    cost = crew.ask("viewer", "GET", "{space}/cost").json()
    assert cost["by_hardware"] == [{"hardware": "t4-small", "minutes": 30, "usd": 0.2}]
    assert (cost["month"]["usd_to_date"], cost["month"]["minutes_to_date"]) == (0.2, 30)
    assert cost["month"]["unobserved_minutes"] == 1
    assert cost["month"]["usd_forecast"] >= 0.2
    team = crew.ask("viewer", "GET", "/api/v1/teams/{team}/cost").json()
    assert [each["space"] for each in team["spaces"]] == [crew.repo_id]
    assert team["month"]["usd_to_date"] == 0.2

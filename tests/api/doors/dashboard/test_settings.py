"""The settings of a space at the dashboard, section by section, and what they cost before they are changed."""

from datetime import timedelta

import pytest
from sqlmodel import Session, update

from spaceport import clock
from spaceport.costs.model import HardwareTier
from spaceport.runtime.model import Observation, SpaceUsage

DAY = clock.now().date()


@pytest.fixture
def repo_id(docker) -> str:
    return docker.removeprefix("/api/v1/spaces/")


@pytest.fixture
def space(docker) -> str:
    return docker.removeprefix("/api/v1")


@pytest.fixture
def browser(visit, crew):
    return visit(crew.people["admin"])


def used(session: Session, space_id: str) -> None:
    session.add(
        SpaceUsage(
            space_id=space_id,
            day=DAY,
            hardware="t4-small",
            seconds=5400,
            micro_usd=1_250_000,
            unpriced_seconds=120,
            unobserved_seconds=0,
        )
    )


def test_hardware_is_listed_with_prices_and_the_present_one_is_marked(crew, docker, space, browser):
    shown = browser.get(f"{space}/settings").text
    for words in ("CPU Basic", "free", "Nvidia T4", "$0.40", "See what it costs"):
        assert words in shown, words
    crew.done("PATCH", f"{docker}/settings", {"hardware": "t4-small"})
    shown = browser.get(f"{space}/settings").text
    assert 'value="t4-small" checked' in shown


def test_pages_with_prices_do_not_wait_for_the_hub_when_those_grow_old(crew, docker, space, browser, hub, database):
    crew.done("GET", "/api/v1/hardware")
    crew.done("GET", f"{docker}/runtime?fresh=true")
    with database.unit_of_work() as session:
        session.execute(update(HardwareTier).values(observed_at=clock.now() - timedelta(days=2)))
    since = hub.calls()[-1]["number"]
    assert "$0.40" in browser.get(f"{space}/settings").text
    assert "$0.40" in browser.get(f"{space}/settings/hardware?hardware=t4-small").text
    assert hub.calls(after=since) == []


def test_what_a_change_costs_is_seen_before_it_is_made(crew, docker, space, browser, hub, repo_id):
    crew.done("GET", f"{docker}/runtime?fresh=true")
    page = browser.get(f"{space}/settings/hardware?hardware=t4-small&sleep_time=3600&replicas=&dev_mode=")
    assert page.status_code == 200
    for words in ("Change the hardware?", "cpu-basic", "$0.40", "1 h", "Change hardware"):
        assert words in page.text, words
    assert hub.api().get_space_runtime(repo_id).requested_hardware == "cpu-basic"
    answer = browser.submit(f"{space}/settings/hardware", {"hardware": "t4-small", "sleep_time": "3600"})
    assert answer.headers["location"] == f"{space}/settings"
    runtime = hub.api().get_space_runtime(repo_id)
    assert (runtime.requested_hardware, runtime.sleep_time) == ("t4-small", 3600)
    assert crew.done("GET", f"{docker}/settings")["hardware"] == "t4-small"


def test_a_choice_without_a_price_is_confirmed_all_the_same_and_none_is_said(space, browser):
    page = browser.get(f"{space}/settings/hardware?dev_mode=true")
    assert "Nothing of this has a price" in page.text
    none = browser.get(f"{space}/settings/hardware?hardware=&sleep_time=")
    assert none.headers["location"] == f"{space}/settings"
    assert "Nothing to change was chosen." in browser.get(f"{space}/settings").text


def test_a_static_space_is_offered_no_hardware(crew, browser):
    page = browser.get(f"/spaces/{crew.repo_id}/settings").text
    assert "it runs on no hardware" in page
    assert "See what it costs" not in page


def test_what_the_hub_refuses_comes_back_as_its_own_sentence(crew, browser):
    static = f"/spaces/{crew.repo_id}/settings/hardware"
    answer = browser.submit(static, {"dev_mode": "true"})
    assert answer.status_code == 422
    assert "static Spaces" in answer.text
    assert 'name="dev_mode" value="true"' in answer.text
    assert browser.get(f"{static}?hardware=abacus").status_code == 303
    assert "The Hub offers no hardware abacus." in browser.get(f"/spaces/{crew.repo_id}/settings").text


def test_the_cost_of_the_month_is_shown_with_its_minutes(visit, crew, database, docker, space):
    with database.unit_of_work() as session:
        used(session, crew.done("GET", docker)["id"])
    viewer = visit(crew.people["viewer"])
    shown = viewer.get(f"{space}/settings").text
    for words in ("$1.25", "1 h 30 min", "t4-small", "2 min 0 s on hardware without a known price"):
        assert words in shown, words
    assert "about $" in viewer.get(space).text


def test_a_custom_domain_is_shown_with_its_state_and_its_dns_record(visit, crew, database, docker, space):
    with database.unit_of_work() as session:
        space_id = crew.done("GET", docker)["id"]
        seen = session.get(Observation, space_id) or Observation(space_id=space_id, observed_at=clock.now())
        seen.domains = [{"domain": "app.example.com", "stage": "MISCONFIGURED", "isCustom": True}]
        session.add(seen)
    shown = visit(crew.people["viewer"]).get(f"{space}/settings").text
    for words in ("app.example.com CNAME hf.space", "DNS leads elsewhere", "Set it as shown."):
        assert words in shown, words


def test_visibility_and_address_are_changed_on_the_hub_and_here(crew, space, browser, hub, repo_id):
    browser.submit(f"{space}/settings/visibility", {"visibility": "public"})
    assert not hub.api().space_info(repo_id).private
    taken = browser.submit(f"{space}/settings/address", {"move_owner": "local", "move_name": crew.name})
    assert taken.status_code == 409
    assert f'value="{crew.name}"' in taken.text
    moved = browser.submit(f"{space}/settings/address", {"move_owner": "local", "move_name": f"{crew.name}-m"})
    assert moved.headers["location"] == f"/spaces/local/{crew.name}-m/settings"
    assert hub.api().space_info(f"local/{crew.name}-m")
    # Bookmarks go on working.
    assert browser.get(f"{space}/configuration").headers["location"] == f"/spaces/local/{crew.name}-m/configuration"
    assert browser.get(space).headers["location"] == f"/spaces/local/{crew.name}-m"


def test_a_copy_takes_along_what_was_chosen(crew, docker, space, browser, hub):
    crew.done("PUT", f"{docker}/secrets/TOKEN", {"value": "x"})
    crew.done("PUT", f"{docker}/variables/COLOR", {"value": "red"})
    volume = {"type": "bucket", "source": "acme/data", "mount_path": "/data"}
    crew.done("PUT", f"{docker}/volumes", {"volumes": [volume]})
    name = f"{crew.name}-c"
    fields = {"copy_owner": "local", "copy_name": name, "copy_visibility": "private", "copy_secrets": "yes"}
    answer = browser.submit(f"{space}/duplicate", fields)
    assert answer.headers["location"] == f"/spaces/local/{name}"
    assert set(hub.api().get_space_secrets(f"local/{name}")) == {"TOKEN"}
    assert set(hub.api().get_space_variables(f"local/{name}")) == {"COLOR"}
    assert not hub.api().get_space_runtime(f"local/{name}").volumes
    again = browser.submit(f"{space}/duplicate", fields)
    assert (again.status_code, f'value="{name}"' in again.text) == (409, True)


def test_deleting_needs_the_name_typed_and_says_what_became_of_it(crew, docker, space, browser, hub, repo_id):
    refused = browser.submit(f"{space}/delete", {"confirm": "local", "on_hub": "yes"})
    assert refused.status_code == 422
    assert "its name was not typed" in refused.text
    gone = browser.submit(f"{space}/delete", {"confirm": repo_id, "on_hub": "yes"})
    assert gone.headers["location"] == "/"
    assert "It is deleted on the Hub as well." in browser.get("/").text
    assert not hub.api().repo_exists(repo_id, repo_type="space")
    assert crew.ask("owner", "GET", docker).status_code == 404


def test_a_factory_restart_is_asked_for_at_the_overview(visit, crew, docker, space, events):
    deployer = visit(crew.people["deployer"])
    assert 'name="factory" value="yes"' in deployer.get(space).text
    deployer.submit(f"{space}/restart", {"factory": "yes"})
    assert [event["factory_reboot"] for event in events("space.restarted")] == [True]


def test_who_is_no_admin_reads_the_settings_and_changes_nothing(visit, crew, space):
    for role in ("viewer", "deployer"):
        somebody = visit(crew.people[role])
        shown = somebody.get(f"{space}/settings")
        assert shown.status_code == 200
        assert "Nvidia T4" in shown.text
        for verb in ("Save", "See what it costs", "Rename", "Duplicate", "Delete"):
            assert f">{verb}" not in shown.text, (role, verb)
        for path in changing(space):
            assert somebody.submit(path, {"confirm": space[8:]}).status_code == 403, (role, path)
        assert somebody.get(f"{space}/settings/hardware?hardware=t4-small").status_code == 403


def test_another_team_finds_no_settings(visit, crew, space):
    stranger = visit(crew.people["stranger"])
    for path in changing(space):
        assert stranger.submit(path, {"confirm": space[8:]}).status_code == 404, path
    for path in (f"{space}/settings", f"{space}/settings/hardware?hardware=t4-small"):
        assert stranger.get(path).status_code == 404, path


def changing(space: str) -> list[str]:
    below = ("settings", "settings/hardware", "settings/visibility", "settings/address", "duplicate", "delete")
    return [f"{space}/{path}" for path in below]

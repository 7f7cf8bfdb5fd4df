"""Many spaces at once: the list that says how each of them is, and one act on a selection."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session
from tests.api.doors.conftest import Crew
from tests.localhub_server import LocalHub

from spaceport import clock
from spaceport.db.database import Database
from spaceport.deployments.model import Deployment, Release
from spaceport.deployments.states import Status
from spaceport.fleet.model import Sort
from spaceport.hub import Runtime
from spaceport.jobs.model import InitiatorType
from spaceport.runtime import observations
from spaceport.runtime.model import SpaceUsage
from spaceport.spaces.model import Sdk, Space, Visibility

OURS, THEIRS = "a" * 40, "b" * 40


class Fleet:
    """Spaces as rows, without a Hub."""

    def __init__(self, crew: Crew, database: Database) -> None:
        self.crew, self.database = crew, database

    def space(self, name: str, stage: str | None = None, *, live: bool = False, serves: str = OURS, **facts: Any):
        with self.database.unit_of_work() as session:
            original = session.get_one(Space, self.crew.ids["space_id"])
            wanted = {"sdk": Sdk.DOCKER, "visibility": Visibility.PUBLIC} | facts
            same = {key: getattr(original, key) for key in ("team_id", "hub_account_id", "endpoint", "owner")}
            space = Space(name=name, **same, **wanted)
            session.add(space)
            session.flush()
            if live:
                self.release(session, space)
            if stage is not None:
                runtime = Runtime(stage, sha=serves, hardware="t4-small", requested_hardware="t4-small")
                observations.keep(session, space.id, runtime, clock.now())
            return space

    def release(self, session: Session, space: Space) -> None:
        deployment = Deployment(
            team_id=space.team_id,
            space_id=space.id,
            number=1,
            status=Status.SUCCEEDED,
            trigger="api",
            initiator_type=InitiatorType.USER,
            initiator_id="usr_test",
            source={},
            hub_sha=OURS,
            finished_at=clock.now(),
        )
        session.add(deployment)
        session.flush()
        facts = {"team_id": space.team_id, "space_id": space.id, "deployment_id": deployment.id}
        session.add(Release(**facts, number=1, hub_sha=OURS, revision=OURS, configuration={}))

    def listed(self, query: str = "", who: str = "viewer") -> list[dict[str, Any]]:
        answer = self.crew.ask(who, "GET", f"/api/v1/spaces?{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def names(self, query: str = "") -> list[str]:
        return [space["name"] for space in self.listed(query)]


@pytest.fixture
def fleet(crew: Crew, database: Database) -> Fleet:
    return Fleet(crew, database)


def test_a_line_says_how_the_space_is(fleet: Fleet):
    space = fleet.space("shown", "RUNNING", live=True)
    with fleet.database.unit_of_work() as session:
        today = clock.now().date()
        counted = {"seconds": 60, "micro_usd": 1_500_000, "unpriced_seconds": 0, "unobserved_seconds": 0}
        session.add(SpaceUsage(space_id=space.id, day=today, hardware="t4-small", **counted))

    [line] = fleet.listed("q=shown")

    assert (line["stage"], line["verdict"], line["current_hardware"]) == ("RUNNING", "healthy", "t4-small")
    assert (line["release"]["number"], line["release"]["hub_sha"]) == (1, OURS)
    assert (line["last_deployment"]["number"], line["last_deployment"]["status"]) == (1, "succeeded")
    assert (line["usd_this_month"], line["drifted"], line["owner"]) == (1.5, False, "local")
    assert line["observed_at"] is not None


@pytest.mark.parametrize(
    ("stage", "live", "serves", "verdict"),
    [
        ("RUNNING", True, OURS, "healthy"),
        ("RUNNING", True, THEIRS, "unknown"),
        ("RUNNING", False, OURS, "unknown"),
        ("BUILD_ERROR", True, OURS, "unhealthy"),
        ("RUNTIME_ERROR", False, OURS, "unhealthy"),
        ("SLEEPING", True, OURS, "asleep"),
        ("PAUSED", True, OURS, "asleep"),
        ("APP_STARTING", True, OURS, "unknown"),
        (None, True, OURS, "unknown"),
    ],
)
def test_a_verdict_is_never_better_than_what_was_seen(fleet: Fleet, stage, live, serves, verdict):
    fleet.space("judged", stage, live=live, serves=serves)
    [line] = fleet.listed("q=judged")
    assert line["verdict"] == verdict
    assert fleet.names(f"verdict={verdict}&q=judged") == ["judged"]


def test_filters_narrow_the_list_together(fleet: Fleet):
    fleet.space("api-one", "RUNNING", live=True)
    fleet.space("api-two", "PAUSED", sdk=Sdk.GRADIO)
    fleet.space("web", "RUNNING", visibility=Visibility.PRIVATE, drift=[{"field": "sha"}])

    assert fleet.names("q=API&sort=name") == ["api-one", "api-two"]
    assert fleet.names("stage=running&q=api") == ["api-one"]
    assert fleet.names("sdk=gradio") == ["api-two"]
    assert fleet.names("visibility=private&drifted=true") == ["web"]
    assert fleet.names("status=succeeded") == ["api-one"]
    assert set(fleet.names("hardware=t4-small")) == {"api-one", "api-two", "web"}
    assert fleet.names("owner=nobody") == []
    assert fleet.names("q=%25") == []


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_hold_every_space_once_in_each_order(fleet: Fleet, sort: str):
    for number in range(7):
        fleet.space(f"page-{6 - number}", live=number % 2 == 0)
    whole = fleet.names(f"sort={sort}")

    seen, cursor = [], ""
    while True:
        answer = fleet.crew.ask("viewer", "GET", f"/api/v1/spaces?sort={sort}&limit=3{cursor}").json()
        seen += [space["name"] for space in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"

    assert seen == whole
    assert sorted(seen) == sorted([f"page-{number}" for number in range(7)] + [fleet.crew.name])
    if sort == "name":
        assert seen == sorted(seen)


def test_a_list_costs_as_many_statements_however_long_it_is(fleet: Fleet):
    with fleet.database.unit_of_work() as session:
        original = session.get_one(Space, fleet.crew.ids["space_id"]).model_dump(exclude={"id", "name"})
        session.add_all(Space(**original, name=f"many-{number}") for number in range(200))
    counts = [counted(fleet, limit) for limit in (2, 200)]
    assert counts[0] == counts[1]


def counted(fleet: Fleet, limit: int) -> int:
    statements = []

    def note(*facts: Any) -> None:
        statements.append(facts[2])

    engine = fleet.crew.people["owner"].api.app.state.instance.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len(fleet.listed(f"limit={limit}")) == limit
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def test_another_teams_spaces_are_in_no_list(fleet: Fleet):
    space = fleet.space("hidden", "RUNNING", live=True)
    assert fleet.listed("q=hidden", who="stranger") == []
    assert fleet.listed(f"team_id={fleet.crew.team_id}", who="stranger") == []
    assert fleet.listed(f"sort=name&cursor={space.id}", who="stranger") == []


def bulk(crew: Crew, who: str = "deployer", **wanted: Any) -> dict[str, dict[str, Any]]:
    answer = crew.ask(who, "POST", "/api/v1/spaces/bulk", wanted)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [result["space"] for result in results] == wanted["spaces"]
    return {result["space"]: result for result in results}


def test_a_selection_is_paused_and_restarted_with_a_result_for_each(crew: Crew, docker: str, hub: LocalHub):
    space = docker.removeprefix("/api/v1/spaces/")
    selection = [space, crew.repo_id, "local/nowhere"]

    paused = bulk(crew, action="pause", spaces=selection)

    assert paused[space]["done"] is True
    assert hub.runtime(space)["stage"] == "PAUSED"
    # The Hub does not pause a static Space, and says so.
    assert (paused[crew.repo_id]["done"], paused[crew.repo_id]["code"]) == (False, "hub_refused")
    assert paused[crew.repo_id]["detail"]
    assert paused["local/nowhere"]["code"] == "space_not_found"
    assert paused["local/nowhere"]["fix"]

    assert bulk(crew, action="restart", spaces=[space], factory_reboot=True)[space]["done"] is True
    assert hub.runtime(space)["stage"] != "PAUSED"


def test_a_selection_is_deployed_and_says_which_deployments_began(crew: Crew, docker: str):
    space = docker.removeprefix("/api/v1/spaces/")
    crew.done("POST", f"{docker}/deployments")

    begun = bulk(crew, action="deploy", spaces=[space, crew.repo_id, "local/nowhere"])

    for each in (space, crew.repo_id):
        [latest, *_] = crew.done("GET", f"/api/v1/spaces/{each}/deployments")["items"]
        assert (begun[each]["done"], begun[each]["deployment_id"]) == (True, latest["id"])
    assert (begun["local/nowhere"]["done"], begun["local/nowhere"]["deployment_id"]) == (False, None)
    assert bulk(crew, "viewer", action="deploy", spaces=[space])[space]["code"] == "role_too_low"


def test_variables_are_set_on_a_whole_selection(crew: Crew, docker: str, hub: LocalHub):
    space = docker.removeprefix("/api/v1/spaces/")
    variables = [{"key": "LOG_LEVEL", "value": "debug"}]

    done = bulk(crew, action="set_variables", spaces=[space, crew.repo_id], variables=variables)
    staged = bulk(
        crew,
        action="set_variables",
        spaces=[space],
        variables=[{"key": "LATER", "value": "1"}],
        apply="next_deployment",
    )

    assert all(result["done"] for result in (*done.values(), *staged.values()))
    for each in (space, crew.repo_id):
        assert hub.api().get_space_variables(each)["LOG_LEVEL"].value == "debug"
    assert "LATER" not in hub.api().get_space_variables(space)
    assert [change["key"] for change in crew.done("GET", f"{docker}/configuration/staged")] == ["LATER"]


def test_who_may_not_act_on_a_space_gets_a_result_that_says_so(crew: Crew, docker: str, hub: LocalHub):
    space = docker.removeprefix("/api/v1/spaces/")
    assert bulk(crew, "viewer", action="pause", spaces=[space])[space]["code"] == "role_too_low"
    assert bulk(crew, "stranger", action="pause", spaces=[space])[space]["code"] == "space_not_found"
    assert hub.runtime(space)["stage"] != "PAUSED"


@pytest.mark.parametrize(
    "wanted",
    [
        {"action": "pause", "spaces": []},
        {"action": "pause", "spaces": ["local/a", "LOCAL/a"]},
        {"action": "pause", "spaces": [f"local/{number}" for number in range(101)]},
        {"action": "delete", "spaces": ["local/a"]},
        {"action": "pause", "spaces": ["../a"]},
        {"action": "pause", "spaces": ["local/a"], "factory_reboot": True},
        {"action": "set_variables", "spaces": ["local/a"], "variables": []},
    ],
)
def test_a_selection_that_makes_no_sense_is_refused_as_a_whole(crew: Crew, wanted: dict[str, Any]):
    answer = crew.ask("owner", "POST", "/api/v1/spaces/bulk", wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")

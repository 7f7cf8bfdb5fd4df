"""Many spaces at once: the list that says how each of them is."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session
from tests.api.doors.conftest import Crew

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


@pytest.mark.parametrize("sort", list(Sort))
def test_a_space_that_goes_between_two_pages_takes_nothing_with_it(fleet: Fleet, sort: str):
    for number in range(4):
        fleet.space(f"page-{number}")
    whole = fleet.names(f"sort={sort}")
    first = fleet.crew.ask("viewer", "GET", f"/api/v1/spaces?sort={sort}&limit=2").json()
    with fleet.database.unit_of_work() as session:
        session.get_one(Space, first["next_cursor"]).deleted_at = clock.now()
    assert fleet.names(f"sort={sort}&cursor={first['next_cursor']}") == whole[2:]


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

"""Live streams at both doors."""

import pytest
from tests.api.doors.conftest import Crew

from spaceport.events import viewers

REST = (
    "/api/v1/teams/{team}/events",
    "{space}/events",
    "{space}/logs/stream",
    "/api/v1/deployments/{deployment}/events",
)


@pytest.mark.parametrize("path", REST)
def test_nobody_opens_more_of_them_than_one_person_needs(
    crew: Crew, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "MOST_PER_PERSON", 0)
    deployment = crew.done("POST", f"{crew.space}/deployments")["id"]
    answer = crew.ask("viewer", "GET", path.format(team=crew.team_id, space=crew.space, deployment=deployment))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    assert int(answer.headers["Retry-After"]) >= 1

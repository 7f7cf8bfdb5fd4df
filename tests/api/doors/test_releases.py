"""What went live, and going back to it."""

import pytest
from tests.api.doors.conftest import SHA, Crew


@pytest.mark.usefixtures("released")
def test_releases_are_listed_newest_first_and_the_newest_is_live(crew: Crew) -> None:
    found = crew.done("GET", "{space}/releases")
    assert [(each["number"], each["hub_sha"], each["live"]) for each in found["items"]] == [
        (2, SHA[2], True),
        (1, SHA[1], False),
    ]
    assert found["items"][1]["deployment_id"] == crew.ids["v1"]
    first = crew.done("GET", "{space}/releases?limit=1")
    rest = crew.done("GET", "{space}/releases?limit=1&cursor=" + first["next_cursor"])
    assert [each["number"] for each in first["items"] + rest["items"]] == [2, 1]


@pytest.mark.usefixtures("released")
def test_going_back_is_a_deployment_of_its_own(crew: Crew) -> None:
    back = crew.done("POST", "{space}/rollbacks", {"release": 1})
    assert (back["trigger"], back["status"], back["waiting_for"]) == ("rollback", "queued", None)
    assert back["source"] == {"kind": "space", "repo_id": crew.repo_id, "revision": SHA[1]}
    assert crew.done("GET", f"/api/v1/deployments/{back['id']}")["number"] == back["number"]


@pytest.mark.parametrize(
    ("release", "refused"),
    [(2, (409, "already_live")), (7, (404, "release_not_found")), (0, (422, "request_invalid"))],
)
@pytest.mark.usefixtures("released")
def test_the_live_release_and_one_that_never_was_are_refused(
    crew: Crew, release: int, refused: tuple[int, str]
) -> None:
    answer = crew.ask("deployer", "POST", "{space}/rollbacks", {"release": release})
    assert (answer.status_code, answer.json()["code"]) == refused
    assert crew.done("GET", "{space}/deployments")["items"][0]["id"] == crew.ids["v2"]


@pytest.mark.usefixtures("released")
def test_a_lock_refuses_it_too(crew: Crew) -> None:
    crew.done("PUT", "{space}/deploy-rules", {"lock": {"reason": "the fair is on"}})
    answer = crew.ask("owner", "POST", "{space}/rollbacks", {"release": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "space_locked")

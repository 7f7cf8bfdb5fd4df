"""A team's name, and its end, at the dashboard."""

import pytest


def test_a_team_is_renamed_and_what_is_no_name_is_said_and_kept_in_the_field(owner, team):
    answer = owner.submit(f"{team}/name", {"name": "Motors & more"})
    assert (answer.status_code, answer.headers["location"]) == (303, team)
    assert "<h1>Motors &amp; more</h1>" in owner.get(team).text
    refused = owner.submit(f"{team}/name", {"name": "x" * 81})
    assert refused.status_code == 422
    assert 'value="' + "x" * 81 in refused.text
    assert "<h1>Motors &amp; more</h1>" in refused.text


def test_what_a_team_still_manages_stands_in_the_way_of_its_end(owner, crew, team):
    text = owner.get(f"{team}/delete").text
    assert "Engines cannot be deleted" in text
    assert crew.repo_id in text
    assert f'action="{team}/delete"' not in text
    assert owner.submit(f"{team}/delete").status_code == 409
    assert owner.get(team).status_code == 200


def test_a_team_without_spaces_is_deleted_after_its_page_said_what_that_stops(owner, crew, team):
    crew.done("DELETE", "{space}?confirm={repo_id}")
    text = owner.get(f"{team}/delete").text
    assert f'action="{team}/delete"' in text
    assert "cannot be undone" in text
    answer = owner.submit(f"{team}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/teams")
    assert "The team Engines is deleted." in owner.get("/teams").text
    assert "Engines" not in owner.get("/teams").text
    assert owner.get(team).status_code == 404


def test_a_personal_team_offers_no_end(owner, crew):
    own = f"/teams/{crew.people['owner'].personal_team_id}"
    assert f"{own}/delete" not in owner.get(own).text
    assert "A personal team stays" in owner.get(f"{own}/delete").text
    assert owner.submit(f"{own}/delete").status_code == 409


@pytest.mark.parametrize(
    ("who", "renames", "deletes"),
    [("viewer", 403, 403), ("deployer", 403, 403), ("admin", 303, 403), ("stranger", 404, 404)],
)
def test_who_may_not_sees_no_way_and_is_refused(visit, crew, team, who, renames, deletes):
    crew.done("DELETE", "{space}?confirm={repo_id}")
    browser = visit(crew.people[who])
    text = browser.get(team).text
    assert (f'action="{team}/name"' in text) is (renames == 303)
    assert f"{team}/delete" not in text
    assert browser.submit(f"{team}/name", {"name": "Theirs"}).status_code == renames
    assert browser.get(f"{team}/delete").status_code == deletes
    assert browser.submit(f"{team}/delete").status_code == deletes

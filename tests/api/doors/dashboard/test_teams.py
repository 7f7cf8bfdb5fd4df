"""Teams: members and their roles, Hub accounts, what it costs."""

import pytest
from tests.many_spaces import fill

from spaceport.hub_accounts.model import HubAccount
from spaceport.spaces.model import Space


def role_of(crew, who: str) -> str | None:
    members = crew.done("GET", f"/api/v1/teams/{crew.team_id}/members")
    return next((each["role"] for each in members if each["user_id"] == crew.people[who].id), None)


def member(team, crew, who: str) -> str:
    return f"{team}/members/{crew.people[who].id}"


def test_a_team_is_created_and_owned_by_whoever_creates_it(owner):
    answer = owner.submit("/teams", {"name": "Rockets"})
    assert answer.status_code == 303
    text = owner.get(answer.headers["location"]).text
    assert "<h1>Rockets</h1>" in text
    assert "Your role is owner." in text
    assert "without one nothing can be deployed" in text
    refused = owner.submit("/teams", {"name": "x" * 81})
    assert refused.status_code == 422
    assert "x" * 81 in refused.text


def test_all_teams_are_listed_with_ones_role(visit, crew):
    text = visit(crew.people["viewer"]).get("/teams").text
    assert "Engines" in text
    assert "yours alone" in text
    assert "viewer" in text


def test_another_team_is_as_if_it_were_not_there(visit, crew, team):
    stranger = visit(crew.people["stranger"])
    account = f"{team}/hub-accounts/{crew.ids['account']}"
    viewer = member(team, crew, "viewer")
    for page in (team, f"{viewer}/remove", f"{account}/disconnect"):
        assert stranger.get(page).status_code == 404, page
    for action in (
        f"{viewer}/role",
        f"{viewer}/remove",
        f"{team}/members",
        f"{account}/token",
        f"{account}/disconnect",
    ):
        assert stranger.submit(action, {"role": "owner", "email": "x@example.org"}).status_code == 404, action
    assert stranger.submit(f"{team}/hub-accounts", {"token": "hf_x"}).status_code == 404
    assert role_of(crew, "viewer") == "viewer"


@pytest.mark.parametrize("role", ["viewer", "deployer"])
def test_who_may_change_nothing_sees_no_button_and_is_refused(visit, crew, team, role):
    browser = visit(crew.people[role])
    text = browser.get(team).text
    assert f'action="{team}/' not in text
    assert "disconnect" not in text
    assert f"{member(team, crew, role)}/remove" in text  # leaving is everybody's right
    account = f"{team}/hub-accounts/{crew.ids['account']}"
    for page in (f"{member(team, crew, 'admin')}/remove", f"{account}/disconnect"):
        assert browser.get(page).status_code == 403, page
    for action in (f"{member(team, crew, 'admin')}/role", f"{member(team, crew, 'admin')}/remove", f"{team}/members"):
        assert browser.submit(action, {"role": "viewer", "email": "x@example.org"}).status_code == 403, action
    for action in (f"{account}/token", f"{account}/disconnect", f"{team}/hub-accounts"):
        assert browser.submit(action, {"token": "hf_x"}).status_code == 403, action


def test_an_admin_handles_everybody_but_owners(visit, crew, team):
    browser = visit(crew.people["admin"])
    text = browser.get(team).text
    assert f'action="{member(team, crew, "viewer")}/role"' in text
    assert f'action="{member(team, crew, "owner")}/role"' not in text
    assert 'value="owner"' not in text
    assert browser.submit(f"{member(team, crew, 'viewer')}/role", {"role": "deployer"}).status_code == 303
    assert role_of(crew, "viewer") == "deployer"
    assert browser.submit(f"{member(team, crew, 'viewer')}/role", {"role": "owner"}).status_code == 403
    assert browser.submit(f"{member(team, crew, 'owner')}/remove").status_code == 403


def test_a_member_is_added_by_e_mail(owner, crew, team):
    stranger = crew.people["stranger"]
    answer = owner.submit(f"{team}/members", {"email": stranger.email, "role": "deployer"})
    assert answer.headers["location"] == team
    assert "stranger is in the team now." in owner.get(team).text
    assert role_of(crew, "stranger") == "deployer"


@pytest.mark.parametrize(
    ("email", "status", "said"),
    [
        ("nobody@example.org", 404, "Nobody has registered with this e-mail address."),
        ("viewer@example.org", 409, "They are in the team already."),
        ("nonsense", 422, "Email:"),
    ],
)
def test_who_cannot_be_added_is_said_on_the_form(owner, team, email, status, said):
    answer = owner.submit(f"{team}/members", {"email": email, "role": "viewer"})
    assert answer.status_code == status
    assert said in answer.text
    assert f'value="{email}"' in answer.text


def test_a_member_is_removed_after_a_page_that_says_what_it_stops(owner, crew, team):
    page = f"{member(team, crew, 'deployer')}/remove"
    assert "their deploy tokens for them are refused" in owner.get(page).text
    assert owner.submit(page).headers["location"] == team
    assert role_of(crew, "deployer") is None
    assert owner.get(page).status_code == 404


def test_whoever_leaves_comes_to_their_other_teams(visit, crew, team):
    browser = visit(crew.people["viewer"])
    assert "Leave Engines?" in browser.get(f"{member(team, crew, 'viewer')}/remove").text
    assert browser.submit(f"{member(team, crew, 'viewer')}/remove").headers["location"] == "/teams"
    assert browser.get(team).status_code == 404


def test_the_last_owner_cannot_go_and_is_told_so(owner, crew, team):
    assert "The last owner cannot go: make somebody else an owner first." in owner.get(team).text
    page = f"{member(team, crew, 'owner')}/remove"
    assert f'action="{page}"' not in owner.get(page).text
    for action in (page, f"{member(team, crew, 'owner')}/role"):
        answer = owner.submit(action, {"role": "viewer"}, Referer=f"http://testserver{team}")
        assert answer.headers["location"] == team
        assert "A team keeps at least one owner, and this is the last." in owner.get(team).text
    assert role_of(crew, "owner") == "owner"
    owner.submit(f"{member(team, crew, 'admin')}/role", {"role": "owner"})
    assert "The last owner cannot go" not in owner.get(team).text
    assert owner.submit(page).headers["location"] == "/teams"


def test_a_personal_team_says_that_it_stays_one(owner, crew):
    text = owner.get(f"/teams/{crew.people['owner'].personal_team_id}").text
    assert "A personal team has one member, for good." in text
    assert "/members" not in text


def test_a_new_token_takes_the_place_of_the_old_one_and_is_never_shown(owner, crew, team, hub):
    account = f"{team}/hub-accounts/{crew.ids['account']}"
    answer = owner.submit(f"{account}/token", {"token": hub.token})
    assert answer.headers["location"] == team
    text = owner.get(team).text
    assert "works with the new token" in text
    assert hub.token not in text + answer.headers["set-cookie"]
    [only] = crew.done("GET", "/api/v1/hub-accounts")
    assert only["id"] == crew.ids["account"]


def test_a_token_of_somebody_else_is_not_taken_for_a_new_one(owner, crew, team, hub, database):
    with database.unit_of_work() as session:
        session.get_one(HubAccount, crew.ids["account"]).name = "renamed"
    account = f"{team}/hub-accounts/{crew.ids['account']}"
    owner.submit(f"{account}/token", {"token": hub.token}, Referer=f"http://testserver{team}")
    assert "This token is of local, and the account is renamed." in owner.get(team).text
    assert len(crew.done("GET", "/api/v1/hub-accounts")) == 1


def test_a_token_that_may_only_read_is_refused_where_it_was_typed(owner, team):
    answer = owner.submit(f"{team}/hub-accounts", {"token": "hf_reads"}, Referer=f"http://testserver{team}")
    assert answer.headers["location"] == team
    assert "may only read" in owner.get(team).text


def test_an_account_that_spaces_need_says_which_and_stays(owner, crew, team):
    page = f"{team}/hub-accounts/{crew.ids['account']}/disconnect"
    text = owner.get(page).text
    assert f"Through it {crew.repo_id} would not be deployed" in text
    assert f'action="{page}"' not in text
    owner.submit(page, Referer=f"http://testserver{team}")
    assert "Spaces were managed through the Hub account" in owner.get(team).text


def test_an_account_that_nothing_needs_is_disconnected(owner, crew, hub):
    to = owner.submit("/teams", {"name": "Rockets"}).headers["location"]
    assert owner.submit(f"{to}/hub-accounts", {"token": hub.token}).headers["location"] == to
    [account] = [each["id"] for each in crew.done("GET", "/api/v1/hub-accounts") if each["id"] != crew.ids["account"]]
    page = f"{to}/hub-accounts/{account}/disconnect"
    assert "nothing stops" in owner.get(page).text
    # Not by way of another team of theirs.
    assert owner.get(page.replace(to, f"/teams/{crew.team_id}")).status_code == 404
    assert owner.submit(page).headers["location"] == to
    assert "None yet" in owner.get(to).text


def test_the_quota_and_the_cost_of_the_month_are_shown(owner, crew, team, database):
    with database.unit_of_work() as session:
        fill(session, session.get_one(Space, crew.ids["space_id"]), 20)
    text = owner.get(team).text
    assert "$0.19" in text
    assert "By the end of the month" in text
    assert "The 10 that cost most." in text
    assert text.index("many-19") < text.index("many-18")
    assert 'aria-label="' in text


def test_a_team_of_many_takes_as_many_statements_as_one_of_one(owner, crew, team, database, statements):
    few = statements(owner, team)
    with database.unit_of_work() as session:
        fill(session, session.get_one(Space, crew.ids["space_id"]), 200)
    assert statements(owner, team) == few <= 8

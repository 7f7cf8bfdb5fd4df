"""The list of all Spaces: searched, filtered, sorted, by the page, and several acted on at once."""

import re

import pytest
from tests.many_spaces import fill

from spaceport.spaces.model import Space


@pytest.fixture
def many(crew, database) -> None:
    with database.unit_of_work() as session:
        fill(session, session.get_one(Space, crew.ids["space_id"]))


def names(browser, path: str) -> list[str]:
    return re.findall(r'class="name"[^>]*><span class="soft">[^<]*</span>([^<]+)</a>', browser.get(path).text)


def test_a_thousand_spaces_take_as_many_statements_as_one(visit, crew, database, statements):
    browser = visit(crew.people["owner"])
    few = statements(browser, "/")
    with database.unit_of_work() as session:
        fill(session, session.get_one(Space, crew.ids["space_id"]))
    assert statements(browser, "/") == few == 3
    assert statements(browser, f"/?q=many-77&show=deploying&sdk=docker&team={crew.team_id}&sort=cost") == 3


@pytest.mark.usefixtures("many")
def test_the_list_is_searched_and_filtered(visit, crew):
    browser = visit(crew.people["owner"])
    assert names(browser, "/?q=MANY-77&sort=name") == ["many-77", *(f"many-77{i}" for i in range(10))]
    assert names(browser, "/?q=%25") == []
    deploying = names(browser, "/?q=many-9&show=deploying")
    assert set(deploying) == {"many-97", *(f"many-9{i}7" for i in range(10))}
    assert {name[-1] for name in names(browser, "/?show=failing")} == {"8"}
    assert {name[-1] for name in names(browser, "/?show=idle")} == {"9"}
    assert len(names(browser, "/?drifted=yes")) == 20
    assert set(names(browser, "/?sdk=gradio&q=many-1&sort=name")) >= {"many-12", "many-102"}
    assert names(browser, "/?sdk=static") == [crew.name]
    assert names(browser, f"/?team={crew.people['owner'].personal_team_id}") == []


@pytest.mark.usefixtures("many")
def test_the_list_is_sorted(visit, crew):
    browser = visit(crew.people["owner"])
    assert names(browser, "/?sort=cost")[:3] == ["many-999", "many-998", "many-997"]
    assert names(browser, "/?sort=created")[0] == "many-999"
    assert names(browser, "/?sort=name&q=many")[:2] == ["many-0", "many-1"]
    # What deploys right now comes first, then what was deployed last.
    assert names(browser, "/?q=many")[:2] == ["many-7", "many-17"]


@pytest.mark.usefixtures("many")
def test_the_list_has_pages_that_keep_what_was_asked_for(visit, crew):
    browser = visit(crew.people["owner"])
    text = browser.get("/?sort=name&page=10").text
    assert "Page 10 of 11" in text
    assert 'href="/?sort=name&amp;page=11"' in text
    assert len(names(browser, "/?page=11")) == 1
    assert len(names(browser, "/?page=0&show=nonsense&sort=nonsense&sdk=nonsense&q=%00")) == 100
    assert names(browser, "/?page=99999999999999999999") == []


def test_the_team_is_said_where_there_are_several(visit, crew, sign_up):
    text = visit(crew.people["owner"]).get("/").text
    assert 'id="team"' in text
    assert "Engines" in text
    alone = sign_up("alone")
    assert 'id="team"' not in visit(alone).get("/").text


def test_with_htmx_only_the_list_comes_and_asks_for_itself_again(visit, crew):
    text = visit(crew.people["owner"]).get("/?show=idle&q=x", **{"HX-Request": "true"}).text
    assert text.strip().startswith('<section id="spaces"')
    assert 'hx-get="/?q=x&amp;show=idle"' in text


def test_while_one_selects_nothing_moves_and_only_what_one_may_deploy_has_a_box(visit, crew):
    text = visit(crew.people["deployer"]).get("/?select=yes").text
    assert f'name="space" value="{crew.repo_id}"' in text
    assert "hx-trigger" not in text
    viewers = visit(crew.people["viewer"]).get("/?select=yes").text
    assert 'name="space"' not in viewers
    assert crew.name in viewers


def test_several_are_acted_on_and_it_is_said_what_happened_to_each(visit, crew, docker, hub):
    browser = visit(crew.people["deployer"])
    repo_id = docker.removeprefix("/api/v1/spaces/")
    answer = browser.submit("/spaces/bulk", {"action": "pause", "space": [repo_id, crew.repo_id]})
    assert answer.status_code == 200
    assert "<h1>1 of 2 paused</h1>" in answer.text
    assert hub.runtime(repo_id)["stage"] == "PAUSED"
    # The Hub does not pause a static Space.
    assert "Not done" in answer.text
    text = browser.submit("/spaces/bulk", {"action": "deploy", "space": [repo_id]}).text
    assert "Watch the deployment" in text
    [latest] = crew.done("GET", f"{docker}/deployments")["items"]
    assert (latest["trigger"], f"/deployments/{latest['id']}" in text) == ("dashboard", True)


def test_another_teams_space_in_a_selection_is_as_if_it_were_not_there(visit, crew):
    text = visit(crew.people["stranger"]).submit("/spaces/bulk", {"action": "pause", "space": [crew.repo_id]}).text
    assert "Your teams manage no space" in text


def test_a_selection_of_nothing_goes_back_to_where_one_selected(visit, crew):
    browser = visit(crew.people["deployer"])
    answer = browser.submit("/spaces/bulk", {"action": "pause"}, Referer="http://testserver/?q=a&select=yes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?q=a&select=yes")
    assert "No Space was selected" in browser.get("/?select=yes").text


def test_a_viewer_selects_nothing_and_is_told_why(visit, crew):
    browser = visit(crew.people["viewer"])
    assert "Select several" not in browser.get("/").text
    assert '"/spaces/bulk"' not in browser.get("/?select=yes").text
    assert (
        "needs the role deployer" in browser.submit("/spaces/bulk", {"action": "pause", "space": [crew.repo_id]}).text
    )

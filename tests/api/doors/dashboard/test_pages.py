"""What the pages answer: to whom, with which headers, and with how many statements."""

import re

import pytest
from tests.spaceport_server import archive

from spaceport import clock, errors, http_status
from spaceport.dashboard import assets
from spaceport.deployments.model import Deployment
from spaceport.events import viewers
from spaceport.spaces.model import Space


@pytest.fixture
def pages(crew, deployment) -> list[str]:
    space = f"/spaces/{crew.repo_id}"
    tabs = ("configuration", "logs", "pushes", "pushes/rules", "pushes/ci", "activity", "deployments", "settings")
    return ["/", "/spaces/new", "/account", space, *(f"{space}/{tab}" for tab in tabs), f"/deployments/{deployment}"]


def test_every_page_answers_with_a_strict_policy(visit, crew, pages):
    browser = visit(crew.people["owner"])
    for path in [*pages, "/sign-in", "/sign-up", "/no-such-page"]:
        answer = browser.get(path)
        assert answer.status_code == (404 if path == "/no-such-page" else 200), (path, answer.text[-500:])
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'self' http" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", answer.text), path


def test_a_page_of_another_teams_space_is_as_if_it_were_not_there(visit, crew, pages, deployment):
    browser = visit(crew.people["stranger"])
    theirs = [path for path in pages if crew.name in path or deployment in path]
    for path in [*theirs, f"/spaces/{crew.repo_id}/stream", f"/deployments/{deployment}/stream"]:
        assert browser.get(path).status_code == 404, path
    assert browser.get(f"/deployments/{deployment}/log.txt").status_code == 404
    for action in ("deploy", "pause", "restart", "settings"):
        assert browser.submit(f"/spaces/{crew.repo_id}/{action}").status_code == 404, action
    for action in ("cancel", "retry"):
        assert browser.submit(f"/deployments/{deployment}/{action}").status_code == 404, action
    assert crew.name not in browser.get("/").text


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("viewer", set()),
        ("deployer", {"deploy", "pause", "restart", "uploads"}),
        ("admin", {"deploy", "pause", "restart", "uploads", "settings"}),
        ("owner", {"deploy", "pause", "restart", "uploads", "settings"}),
    ],
)
def test_each_role_is_shown_what_it_may_do_and_the_rest_is_refused(visit, crew, docker, role, sees):
    browser = visit(crew.people[role])
    space = docker.removeprefix("/api/v1")
    text = browser.get(space).text + browser.get(f"{space}/settings").text
    actions = ("deploy", "pause", "restart", "uploads", "settings")
    shown = {name for name in actions if f'action="{space}/{name}"' in text}
    assert shown == sees
    for action in {"deploy", "pause", "restart", "settings"} - sees:
        assert browser.submit(f"{space}/{action}").status_code == 403, action
    if "uploads" not in sees:
        files = {"archive": ("a.tar.gz", archive({"a": "b"}))}
        assert browser.submit(f"{space}/uploads", files=files).status_code == 403


def test_drift_is_shown_as_a_diff_with_what_to_do(visit, crew, database):
    with database.unit_of_work() as session:
        space = session.get_one(Space, crew.ids["space_id"])
        space.drift = [{"field": "hardware", "expected": "cpu-basic", "observed": "t4-small"}]
        space.drifted_at = clock.now()
    text = visit(crew.people["viewer"]).get(f"/spaces/{crew.repo_id}").text
    diff = text[text.index("Drift:") : text.index("Nothing is written over by itself.")]
    assert "cpu-basic" in diff
    assert "t4-small" in diff
    assert "What to do" in diff


def test_a_static_space_has_nothing_to_pause_or_to_restart(visit, crew):
    text = visit(crew.people["owner"]).get(f"/spaces/{crew.repo_id}").text
    assert "/deploy" in text
    assert "/pause" not in text
    assert "/restart" not in text


def test_a_refused_action_goes_back_to_its_page_and_says_why_once(visit, crew, deployment):
    browser = visit(crew.people["owner"])
    crew.done("POST", f"/api/v1/deployments/{deployment}/cancellation")
    page = f"/deployments/{deployment}"
    answer = browser.submit(f"{page}/cancel", Referer=f"http://testserver{page}")
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert "has already been canceled" in browser.get(page).text
    assert "has already been canceled" not in browser.get(page).text


def test_deploying_leads_to_the_deployment_and_says_who_and_from_where(visit, crew, docker):
    browser = visit(crew.people["deployer"])
    answer = browser.submit(f"{docker.removeprefix('/api/v1')}/deploy")
    assert answer.status_code == 303
    text = browser.get(answer.headers["location"]).text
    assert "deployer, dashboard" in text
    assert "Queued" in text


def test_settings_that_cannot_be_are_said_on_the_form_and_change_nothing(visit, crew):
    browser = visit(crew.people["owner"])
    space = f"/spaces/{crew.repo_id}"
    answer = browser.submit(f"{space}/settings", {"url": "ftp://nowhere", "health_path": "/ok"})
    assert answer.status_code == 422
    assert 'value="ftp://nowhere"' in answer.text
    assert crew.done("GET", crew.space)["health"]["path"] != "/ok"
    saved = browser.submit(f"{space}/settings", {"url": "https://git.example/a/b", "ref": "main", "health_path": "/ok"})
    assert saved.status_code == 303
    assert crew.done("GET", crew.space)["source"]["url"] == "https://git.example/a/b"


def test_a_deployment_that_failed_says_why_and_what_to_do_first(visit, crew, database, deployment):
    with database.unit_of_work() as session:
        row = session.get_one(Deployment, deployment)
        row.status, row.reason, row.fix, row.reason_code = "failed", "<b>Pip found no torch.</b>", "Pin it.", "x"
        row.finished_at = row.created_at
        row.waiting_for = None
    text = visit(crew.people["owner"]).get(f"/deployments/{deployment}").text
    assert "&lt;b&gt;Pip found no torch.&lt;/b&gt;" in text
    assert "Do this first: Pin it." in text
    assert f"/deployments/{deployment}/retry" in text


def test_assets_are_the_files_of_the_manifest_and_kept_for_ever(visit):
    browser = visit()
    for name, asset in assets.load().items():
        answer = browser.get(asset.address)
        assert answer.content == asset.content, name
        assert "immutable" in answer.headers["cache-control"]
    assert browser.get("/static/style.0000000000000000.css").status_code == 404


def test_every_kind_of_error_has_a_status_of_its_own():
    kinds = errors.SpaceportError.__subclasses__()
    assert {http_status.of(kind("x", code="x")) for kind in kinds} >= {404, 409, 412, 503}


def test_the_storybook_is_not_there_unless_it_is_asked_for(visit, crew):
    assert visit(crew.people["owner"]).get("/storybook").status_code == 404


@pytest.mark.parametrize(
    "path", ["/stream", "{space}/stream", "{space}/logs/stream", "/deployments/{deployment}/stream"]
)
def test_nobody_has_more_pages_open_that_change_by_themselves_than_one_person_needs(
    visit, crew, deployment, path, monkeypatch
):
    monkeypatch.setattr(viewers, "MOST_PER_PERSON", 0)
    answer = visit(crew.people["viewer"]).get(path.format(space=f"/spaces/{crew.repo_id}", deployment=deployment))
    assert answer.status_code == 429
    assert "live streams open already" in answer.text

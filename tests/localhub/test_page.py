"""The pages to look at."""

import httpx
import pytest
from tests.localhub import spaces

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def busy(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    api = hub.api()
    spaces.docker(api, "local/demo")
    app = spaces.app().replace("app 1 starts", EVIL.replace("'", ""))
    hub.wait("local/demo", "RUNNING", sha=spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py=app))
    api.create_repo("local/closed", repo_type="space", space_sdk="static", private=True)
    return hub


def look(hub, path: str = "/", auth: tuple[str, str] | None = None, **headers: str) -> httpx.Response:
    return httpx.get(f"{hub.url}{path}", auth=auth, headers=headers, trust_env=False)


def test_the_page_lists_spaces_with_stage_address_and_what_they_last_said(busy):
    page = look(busy).text
    assert "local/demo" in page
    assert ">RUNNING<" in page
    assert busy.api().space_info("local/demo").host in page
    assert "&lt;script&gt;" in page


def test_the_log_of_one_space_can_be_read(busy):
    page = look(busy, "/spaces/local/demo/logs").text
    assert "Application Startup" in page
    assert "COPY --chown=user . $HOME/app" in page
    assert "&lt;script&gt;" in page


def test_nothing_that_an_app_says_runs_in_the_page(busy):
    for path in ("/", "/spaces/local/demo/logs"):
        answer = look(busy, path)
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_reason_of_a_failure_is_shown(busy):
    spaces.push(busy.api(), "local/demo", app_py=f'raise SystemExit("no database {EVIL}")')
    busy.wait("local/demo", "RUNTIME_ERROR")
    page = look(busy, "/spaces/local/demo/logs").text
    assert "RUNTIME_ERROR" in page
    assert "no database &lt;script" in page


def test_a_private_space_is_shown_to_its_owner_alone(busy):
    assert "local/closed" not in look(busy).text
    assert "local/closed" not in look(busy, auth=("eve", "hf_eve")).text
    assert "local/closed" in look(busy, auth=("local", "hf_local")).text
    assert look(busy, "/spaces/local/closed/logs").status_code == 401
    assert look(busy, "/spaces/local/closed/logs", auth=("eve", "hf_eve")).status_code == 404
    assert look(busy, "/spaces/local/closed/logs", auth=("local", "hf_local")).status_code == 200


def test_a_page_elsewhere_that_calls_this_machine_by_another_name_reads_no_log(busy):
    assert "&lt;script&gt;" not in look(busy, Host="evil.example").text
    assert look(busy, "/spaces/local/demo/logs", Host="evil.example").status_code == 401


def test_signing_in_asks_for_a_token(busy):
    asked = look(busy, "/sign-in")
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"].startswith("Basic")
    assert look(busy, "/sign-in", auth=("anything", "hf_local")).headers["location"] == "/"
    assert "signed in as local" in look(busy, auth=("anything", "hf_local")).text

"""A Space's own logs: complete when the page arrives, and to be followed from there."""

import asyncio
import re

import pytest
from tests.api.doors.conftest import Crew

from spaceport import clock
from spaceport.deployments import log
from spaceport.deployments.model import Deployment
from spaceport.hub import HubFailure, LogLine
from spaceport.hub.client import Hub
from spaceport.runtime import relay


@pytest.fixture
def logs(crew: Crew) -> str:
    return f"/spaces/{crew.repo_id}/logs"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str | HubFailure]:
    """What the Hub's log stream gives, in the place of a Space that would have to be built first."""
    lines: list[str | HubFailure] = []

    async def follow(_hub, _repo_id, kind):
        for line in lines:
            if isinstance(line, HubFailure):
                raise line
            yield LogLine(clock.now(), f"{kind}: {line}")

    monkeypatch.setattr(Hub, "follow_log", follow)
    monkeypatch.setattr(relay, "_FIRST_LINE_WITHIN", 0.2)
    return lines


def test_the_page_has_the_lines_and_says_from_where_to_go_on(visit, crew, logs, said):
    said += ["<b>one</b>", "two"]
    text = visit(crew.people["viewer"]).get(logs).text
    assert "run: &lt;b&gt;one&lt;/b&gt;" in text
    assert text.index("one") < text.index("run: two")
    assert re.search(rf'<log-tail src="{logs}/stream\?kind=run" cursor="[0-9a-f]{{12}}\.2">', text)
    assert f'href="{logs}/plain?kind=run"' in text


def test_until_the_hub_has_answered_the_page_has_what_a_deployment_recorded(
    visit, crew, logs, database, deployment, monkeypatch
):
    async def silent(_hub, _repo_id, _kind):
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr(Hub, "follow_log", silent)
    with database.unit_of_work() as session:
        row = session.get_one(Deployment, deployment)
        log.append(session, row, "build", [LogLine(clock.now(), "of the build")])
        log.append(session, row, "run", [LogLine(clock.now(), text) for text in ("<i>one</i>", "two")])
        row.log_positions = {"build": {}, "run": {}}
    text = visit(crew.people["viewer"]).get(logs).text
    shown = re.findall(r'<div class="line[^>]*data-until-live>.*?<code>(.*?)</code>', text)
    assert (
        shown[0] == "Deployment #1 recorded these lines just now; the Hub has not answered yet with what there is now."
    )
    assert shown[1:] == ["&lt;i&gt;one&lt;/i&gt;", "two"]
    assert f'<log-tail src="{logs}/stream?kind=run" cursor="">' in text


def test_the_lines_of_the_hub_take_the_place_of_recorded_ones(visit, crew, logs, database, deployment, said):
    with database.unit_of_work() as session:
        row = session.get_one(Deployment, deployment)
        log.append(session, row, "run", [LogLine(clock.now(), "recorded")])
        row.log_positions = {"run": {}}
    said.append("now")
    text = visit(crew.people["viewer"]).get(logs).text
    assert "run: now" in text
    assert "recorded" not in text


def test_the_log_of_a_build_that_is_over_is_not_followed(visit, crew, logs, said):
    said += ["step 1", "step 2"]
    text = visit(crew.people["viewer"]).get(f"{logs}?kind=build").text
    assert "build: step 2" in text
    assert "Complete" in text
    assert "/stream" not in text


def test_a_long_log_begins_with_its_newest_lines_and_has_all_of_them_as_plain_text(visit, crew, logs, said):
    said += [f"line {i}." for i in range(1200)]
    browser = visit(crew.people["viewer"])
    text = browser.get(f"{logs}?kind=build").text
    assert "(200 lines before these: see the plain text)" in text
    assert "line 199." not in text
    assert "line 200." in text
    plain = browser.get(f"{logs}/plain?kind=build")
    assert plain.headers["content-type"].startswith("text/plain")
    assert len(plain.text.splitlines()) == 1200


def test_an_app_that_has_said_nothing_and_a_hub_that_refuses_are_told_apart(visit, crew, logs, said):
    browser = visit(crew.people["viewer"])
    assert "The Hub has sent no line of it so far." in browser.get(logs).text
    said.append(HubFailure(403, "Forbidden"))
    assert "The Hub gives no log" in browser.get(f"{logs}?kind=build").text


def test_strangers_see_nothing_and_an_unknown_kind_is_no_page(visit, crew, logs, said):
    stranger = visit(crew.people["stranger"])
    for path in (logs, f"{logs}/plain", f"{logs}/stream"):
        assert stranger.get(path).status_code == 404
    assert visit(crew.people["viewer"]).get(f"{logs}?kind=secret").status_code == 404

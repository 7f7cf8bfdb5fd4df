"""What a change of the configuration does to an app that runs, and what becomes of one that is cut off."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.api.doors.conftest import Crew
from tests.localhub import spaces
from tests.localhub_server import LocalHub

from spaceport.configuration import apply
from spaceport.hub import Hub
from spaceport.reconcile import configuration as left_over

# Tells its environment, and counts its starts where a restart leaves them alone.
APP = """\
import http.server, json, os, pathlib
with (pathlib.Path(os.environ["DATA"]) / "starts").open("a") as starts:
    starts.write("x")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"env": dict(os.environ)}).encode())
http.server.HTTPServer(("0.0.0.0", 7860), Handler).serve_forever()
"""
DOCKERFILE = "FROM python:3.11\nENV DATA=/data\nWORKDIR /app\nCOPY . .\nCMD python app.py\n"
MANY = {"secrets": [{"key": f"S{number}", "value": f"s{number}"} for number in range(5)]}


class Killed(Exception):
    """Nothing catches it, so nothing is written after it."""


class App:
    """A space of the crew whose app runs, with a bucket at /data."""

    def __init__(self, crew: Crew, hub: LocalHub) -> None:
        self._hub = hub
        self.repo_id = f"local/{crew.name}-app"
        self.path = f"/api/v1/spaces/{self.repo_id}"
        body = {"owner": "local", "name": f"{crew.name}-app", "visibility": "public"}
        crew.done("POST", "/api/v1/spaces", body | {"hub_account_id": crew.ids["account"]})
        self.volume = {"type": "bucket", "source": f"local/{crew.name}", "mount_path": "/data"}
        crew.done("PUT", f"{self.path}/volumes", {"volumes": [self.volume]})
        self.sha = spaces.push(hub.api(), self.repo_id, Dockerfile=DOCKERFILE, app_py=APP)
        self._starts = Path(hub.folder) / "buckets" / "local" / crew.name / "starts"
        self.env()
        self.last = hub.calls()[-1]["number"]

    def env(self) -> dict[str, str]:
        """Of the app, once it runs."""
        env: dict[str, str] = spaces.visit(self._hub.wait(self.repo_id, "RUNNING", sha=self.sha))["env"]
        return env

    @property
    def starts(self) -> int:
        return len(self._starts.read_text())

    def calls(self, what: str) -> int:
        return len(self._hub.calls(after=self.last, path=f"{self.repo_id}/{what}", method="POST"))


@pytest.fixture
def app(crew: Crew, hub: LocalHub) -> App:
    return App(crew, hub)


def test_eleven_changes_cost_one_restart(crew: Crew, app: App) -> None:
    variables = {"variables": [{"key": f"V{number}", "value": f"v{number}"} for number in range(5)]}
    crew.done("POST", f"{app.path}/variables?apply=next_deployment", variables)
    more = [app.volume, {"type": "bucket", "source": f"local/{crew.name}-more", "mount_path": "/more"}]
    crew.done("PUT", f"{app.path}/volumes?apply=next_deployment", {"volumes": more})
    assert "V0" not in app.env()
    crew.done("POST", f"{app.path}/secrets", MANY)
    env = app.env()
    assert {env[f"V{number}"] for number in range(5)} == {f"v{number}" for number in range(5)}
    assert {env[f"S{number}"] for number in range(5)} == {f"s{number}" for number in range(5)}
    assert len(crew.done("GET", f"{app.path}/volumes")["volumes"]) == 2
    assert app.starts == 2
    assert (app.calls("pause"), app.calls("restart")) == (1, 1)


def test_one_change_costs_one_restart_and_no_pause(crew: Crew, app: App) -> None:
    crew.done("PUT", f"{app.path}/secrets/TOKEN", {"value": "new"})
    assert app.env()["TOKEN"] == "new"
    assert app.starts == 2
    assert (app.calls("pause"), app.calls("restart")) == (0, 0)


def test_a_paused_space_stays_paused(crew: Crew, hub: LocalHub, app: App) -> None:
    hub.api().pause_space(app.repo_id)
    app.last = hub.calls()[-1]["number"]
    crew.done("POST", f"{app.path}/secrets", MANY)
    assert hub.runtime(app.repo_id)["stage"] == "PAUSED"
    assert (app.calls("pause"), app.calls("restart")) == (0, 0)


def test_a_hub_that_refuses_the_pause_changes_nothing(crew: Crew, hub: LocalHub, app: App) -> None:
    hub.fault(space=app.repo_id, path="/pause", status=403, message="Not yours")
    answer = crew.ask("owner", "POST", f"{app.path}/secrets", MANY)
    assert answer.json()["code"] == "hub_forbidden"
    assert crew.done("GET", f"{app.path}/secrets") == []
    assert (app.calls("secrets"), app.starts) == (0, 1)


def test_what_the_hub_refuses_in_the_middle_leaves_the_others_and_the_app_comes_back(
    crew: Crew, hub: LocalHub, app: App
) -> None:
    hub.fault(space=app.repo_id, method="POST", path="/secrets", status=400, message="No such secret")
    answer = crew.ask("owner", "POST", f"{app.path}/secrets", MANY)
    problem = answer.json()
    assert "No such secret" in problem["detail"]
    assert (problem["applied"], problem["refused"]) == (["S1", "S2", "S3", "S4"], ["S0"])
    assert "S0" not in app.env()
    assert [each["key"] for each in crew.done("GET", f"{app.path}/secrets")] == ["S1", "S2", "S3", "S4"]
    assert app.starts == 2


def test_a_refusal_that_holds_for_all_ends_it_at_once_and_takes_everything_back(
    crew: Crew, hub: LocalHub, app: App
) -> None:
    hub.fault(space=app.repo_id, method="POST", path="/secrets", status=403, message="Read-only")
    answer = crew.ask("owner", "POST", f"{app.path}/secrets", MANY)
    assert answer.json()["code"] == "hub_forbidden"
    assert app.calls("secrets") == 1
    assert crew.done("GET", f"{app.path}/secrets") == []
    assert app.env()
    assert app.starts == 2


def test_a_hub_that_stops_answering_in_the_middle_is_waited_for_and_the_app_comes_back(
    crew: Crew, hub: LocalHub, app: App, instance
) -> None:
    hub.fault(space=app.repo_id, method="POST", path="/(secrets|restart)", status=503, count=None)
    answer = crew.ask("owner", "POST", f"{app.path}/secrets", MANY)
    assert (answer.status_code, answer.json()["code"]) == (503, "configuration_pending")
    assert hub.runtime(app.repo_id)["stage"] == "PAUSED"
    left_over.go_on(instance)
    hub.clear_faults()
    busy = crew.ask("owner", "DELETE", f"{app.path}/configuration/staged")
    assert (busy.status_code, busy.json()["code"]) == (503, "configuration_busy")
    left_over.go_on(instance)
    assert app.env()["S4"] == "s4"
    assert crew.done("GET", f"{app.path}/configuration/staged") == []
    assert app.starts == 2


@pytest.mark.parametrize("at", ["pause", "the second secret", "restart"])
def test_a_process_that_dies_in_the_middle_leaves_no_space_paused_and_loses_nothing(
    crew: Crew, hub: LocalHub, app: App, instance, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Its thread ends at that very place, and writes nothing any more."""
    sent: list[Any] = []

    def after(original):
        def call(*arguments, **options):
            answer = original(*arguments, **options)
            sent.append(arguments)
            if at != "the second secret" or len(sent) == 2:
                raise Killed
            return answer

        return call

    with monkeypatch.context() as patch:
        if at == "the second secret":
            patch.setattr(apply._Run, "_send_one", after(apply._Run._send_one))
        else:
            patch.setattr(Hub, at, after(getattr(Hub, at)))
        assert crew.ask("owner", "POST", f"{app.path}/secrets", MANY).status_code == 500
    left_over.go_on(instance)
    assert crew.done("GET", f"{app.path}/configuration/staged"), "its lease has not ended, so nobody goes on"
    with instance.database.unit_of_work() as session:
        session.execute(text("UPDATE configuration_application SET lease_until = now()"))
    left_over.go_on(instance)
    assert app.env()["S4"] == "s4"
    assert crew.done("GET", f"{app.path}/configuration/staged") == []
    found = crew.done("GET", f"{app.path}/secrets?fresh=true")
    assert [(each["version"], each["managed"]) for each in found] == [(1, True)] * 5
    with instance.database.unit_of_work() as session:
        # The first was of the volume.
        events = text("SELECT data FROM event WHERE kind = 'configuration.applied' ORDER BY id")
        [_, data] = session.execute(events).scalars()
    assert [each["key"] for each in data["applied"]] == ["S0", "S1", "S2", "S3", "S4"]
    assert "s0" not in json.dumps(data)


def test_one_who_wakes_up_after_another_has_taken_over_changes_nothing_more(
    crew: Crew, hub: LocalHub, app: App, instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = apply._Run._send_one

    def slow(run, change):
        original(run, change)
        if change.version.key == "S1":
            monkeypatch.undo()
            with instance.database.unit_of_work() as session:
                session.execute(text("UPDATE configuration_application SET lease_until = now()"))
            left_over.go_on(instance)

    monkeypatch.setattr(apply._Run, "_send_one", slow)
    answer = crew.ask("owner", "POST", f"{app.path}/secrets", MANY)
    assert (answer.status_code, answer.json()["code"]) == (409, "configuration_taken_over")
    assert app.calls("secrets") == 7
    assert app.env()["S4"] == "s4"
    assert crew.done("GET", f"{app.path}/configuration/staged") == []

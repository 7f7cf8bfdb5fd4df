"""Secrets and variables that wait for the next deployment, with the real programs."""

import json
from collections import Counter

import httpx
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person

SHOWS_ITS_ENVIRONMENT = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"release": %r, "env": dict(os.environ)}).encode())

ThreadingHTTPServer(("0.0.0.0", 7860), Handler).serve_forever()
"""


def app(release: str) -> apps.Files:
    return apps.hello() | {"app.py": SHOWS_ITS_ENVIRONMENT % release}


def shown(url: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(httpx.get(url, trust_env=False).text)
    return found


def test_what_is_staged_is_applied_by_the_next_deployment_at_the_cost_of_one_restart(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    person.manage(repo_id, person.upload(app("one")))
    first = person.finished(person.deploy(repo_id))
    secrets = {"secrets": [{"key": f"S{number}", "value": f"s{number}"} for number in range(5)]}
    person.post(f"/spaces/{repo_id}/secrets?apply=next_deployment", secrets)
    variables = {"variables": [{"key": f"V{number}", "value": f"v{number}"} for number in range(5)]}
    person.post(f"/spaces/{repo_id}/variables?apply=next_deployment", variables)
    assert "S0" not in shown(first["url"])["env"]
    last = hub.calls()[-1]["number"]

    second = person.finished(person.deploy(repo_id, source=person.upload(app("two"))))

    assert second["status"] == "succeeded", second
    now = shown(second["url"])
    assert now["release"] == "two"
    assert {now["env"].get(f"{kind}{number}") for kind in "SV" for number in range(5)} == {
        f"{kind}{number}" for kind in "sv" for number in range(5)
    }
    made = Counter(call["path"].removeprefix(f"/api/spaces/{repo_id}/") for call in _changes(hub, repo_id, last))
    assert (made["pause"], made["restart"], made["secrets"], made["variables"]) == (1, 1, 5, 5)
    assert person.get(f"/spaces/{repo_id}/configuration/staged") == []
    assert "Applied secret S0" in person.log(second, "push")


def test_a_change_that_the_hub_refuses_ends_the_deployment_with_its_sentence(
    person: Person, hub: LocalHub, repo_id: str
) -> None:
    person.manage(repo_id, person.upload({"index.html": "<p>hello"}), sdk="static")
    person.post(f"/spaces/{repo_id}/secrets?apply=next_deployment", {"secrets": [{"key": "A", "value": "hidden"}]})
    hub.fault(space=repo_id, method="POST", path="/secrets", status=400, message="No more secrets")

    refused = person.finished(person.deploy(repo_id))

    assert (refused["status"], refused["reason_code"]) == ("failed", "configuration_refused")
    assert "No more secrets" in refused["reason"]
    assert refused["hub_sha"] is None
    assert person.finished(person.deploy(repo_id))["status"] == "succeeded"
    assert person.get(f"/spaces/{repo_id}/secrets")[0]["staged"] is False


def _changes(hub: LocalHub, repo_id: str, last: int) -> list[dict[str, str]]:
    return hub.calls(after=last, path=f"/api/spaces/{repo_id}/", method="POST")

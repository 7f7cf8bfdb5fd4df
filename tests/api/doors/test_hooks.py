"""Hooks at the door: made, shown once, installed on the hosts, and called by them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests import git_hosts
from tests.api.doors.conftest import Crew

from spaceport.webhooks.providers import Provider

TOKEN = "a-token-of-the-host"
ANSWERS: dict[str, Any] = {
    "github": {"id": 12345678},
    "gitlab": {"id": 1},
    "bitbucket": {"uuid": "{d0c898a4}"},
    "gitea": {"id": 7},
    "forgejo": {"id": 8},
    "huggingface": {"webhook": {"id": "6390e855e30d9209411de93b"}},
}


class FakeHosts:
    """The hosts' APIs on loopback: what was asked, and one answer to it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answer: tuple[int, Any] = (201, {})
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, said = outer.answer
                content = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def hosts() -> Iterator[FakeHosts]:
    fake = FakeHosts()
    yield fake
    fake.close()


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"egress_allowed_hosts": "127.0.0.1", "public_url": "https://spaceport.example/"}


def follow(crew: Crew, url: str) -> None:
    source = {"kind": "git", "url": url, "ref": "main"}
    crew.done("PATCH", "{space}", {"source": source, "auto_deploy": True})


def deliver(crew: Crew, hook: dict[str, Any], sent: git_hosts.Sent) -> Any:
    return crew.people["owner"].api.post(urlsplit(hook["url"]).path, content=sent.body, headers=sent.headers)


def test_a_new_hook_shows_its_address_its_secret_once_and_what_to_do(crew: Crew) -> None:
    follow(crew, "https://github.com/acme/app")
    made = crew.ask("owner", "POST", "{space}/hooks")
    again = crew.ask("owner", "POST", "{space}/hooks")
    hook = made.json()

    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert hook["url"] == f"https://spaceport.example/webhooks/github/{hook['id']}"
    assert len(hook["secret"]) > 40
    assert any(hook["url"] in step for step in hook["steps"])
    assert not any(hook["secret"] in step for step in hook["steps"])
    assert (again.status_code, again.json()["id"], again.json()["secret"]) == (200, hook["id"], None)
    for path in ("{space}/hooks", f"/api/v1/hooks/{hook['id']}", "/api/v1/deliveries"):
        assert hook["secret"] not in crew.ask("owner", "GET", path).text


def test_a_push_at_the_door_is_answered_202_and_listed_with_its_reasons(crew: Crew) -> None:
    follow(crew, "https://github.com/acme/app")
    hook = crew.done("POST", "{space}/hooks")
    pushes = [
        git_hosts.push(Provider.GITHUB, "acme/app", "a" * 40, ref=ref) for ref in ("refs/heads/x", "refs/heads/main")
    ]

    answers = [deliver(crew, hook, git_hosts.send(Provider.GITHUB, hook["secret"], push)) for push in pushes]

    assert [answer.status_code for answer in answers] == [202, 202]
    ignored, deployed = (answer.json() for answer in answers)
    assert ignored["reason"] == "ignored: branch x does not match main"
    listed = crew.done("GET", f"/api/v1/deliveries?space=local/{crew.name}&limit=1")
    assert ([item["id"] for item in listed["items"]], bool(listed["next_cursor"])) == ([deployed["delivery_id"]], True)
    only = crew.done("GET", "/api/v1/deliveries?status=ignored&provider=github")["items"]
    assert [item["id"] for item in only] == [ignored["delivery_id"]]
    shown = crew.done("GET", f"/api/v1/deliveries/{deployed['delivery_id']}")
    [decision] = shown["decisions"]
    assert (decision["space"], decision["outcome"], decision["revision"]) == (
        f"local/{crew.name}",
        "deployed",
        "a" * 40,
    )
    deployment = crew.done("GET", f"/api/v1/deployments/{decision['deployment_id']}")
    assert (deployment["trigger"], deployment["status"]) == ("webhook", "queued")
    again = crew.done("POST", f"/api/v1/deliveries/{ignored['delivery_id']}/redelivery")
    assert (again["redelivery_of"], again["reason"]) == (ignored["delivery_id"], ignored["reason"])


def test_what_does_not_prove_its_origin_is_answered_401_and_an_unknown_hook_404(crew: Crew) -> None:
    follow(crew, "https://github.com/acme/app")
    hook = crew.done("POST", "{space}/hooks")
    sent = git_hosts.send(Provider.GITHUB, "somebody-elses-secret", b"{}")
    answer = deliver(crew, hook, sent)
    assert (answer.status_code, answer.json()["code"]) == (401, "delivery_refused")
    nowhere = {"url": "https://x/webhooks/github/hook_" + "0" * 26}
    assert deliver(crew, nowhere, sent).status_code == 404
    assert deliver(crew, {"url": hook["url"].replace("github", "cvs")}, sent).status_code == 422
    assert crew.done("GET", f"/api/v1/hooks/{hook['id']}")["forged_count"] == 1


def test_a_delivery_may_be_larger_than_other_requests_and_is_limited_all_the_same(crew: Crew) -> None:
    follow(crew, "https://github.com/acme/app")
    hook = crew.done("POST", "{space}/hooks")
    push = git_hosts.push(Provider.GITHUB, "acme/app", "a" * 40)
    large = git_hosts.send(Provider.GITHUB, hook["secret"], push | {"padding": "x" * 2_000_000})
    larger = git_hosts.send(Provider.GITHUB, hook["secret"], push | {"padding": "x" * 6_000_000})
    assert deliver(crew, hook, large).status_code == 202
    assert deliver(crew, hook, larger).status_code == 413


@pytest.mark.parametrize("provider", Provider)
def test_with_a_token_the_hook_is_installed_through_the_hosts_own_api(
    crew: Crew, hosts: FakeHosts, provider: Provider
) -> None:
    follow(crew, f"{hosts.url}/{'spaces/' if provider is Provider.HUGGINGFACE else ''}Acme/app.git")
    hosts.answer = (201, ANSWERS[provider])
    body = {"provider": provider, "host_token": TOKEN}

    hook = crew.done("POST", "{space}/hooks", body)

    [(path, headers, asked)] = hosts.asked
    assert (
        path
        == {
            "github": "/api/v3/repos/Acme/app/hooks",
            "gitlab": "/api/v4/projects/Acme%2Fapp/hooks",
            "bitbucket": "/2.0/repositories/Acme/app/hooks",
            "gitea": "/api/v1/repos/Acme/app/hooks",
            "forgejo": "/api/v1/repos/Acme/app/hooks",
            "huggingface": "/api/settings/webhooks",
        }[provider]
    )
    assert TOKEN in headers["private-token" if provider is Provider.GITLAB else "authorization"]
    config = asked.get("config", asked)
    assert config["url"] == hook["url"]
    assert hook["secret"] in (config.get("secret"), config.get("token"))
    assert hook["installed_as"] == str(next(iter(ANSWERS[provider].get("webhook", ANSWERS[provider]).values())))


@pytest.mark.parametrize(
    ("answer", "code"), [(401, "host_token_refused"), (422, "host_refused_hook"), (302, "host_refused_hook")]
)
def test_a_host_that_refuses_is_named_and_the_token_is_told_nobody(
    crew: Crew, hosts: FakeHosts, answer: int, code: str, instance, capfd
) -> None:
    follow(crew, f"{hosts.url}/acme/app")
    hosts.answer = (answer, {"message": f"no, not with {TOKEN}"})
    refused = crew.ask("owner", "POST", "{space}/hooks", {"provider": "github", "host_token": TOKEN})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert TOKEN not in refused.text + "".join(capfd.readouterr())
    with instance.database.unit_of_work() as session:
        assert TOKEN not in str(session.connection().exec_driver_sql("SELECT event::text FROM event").all())
    assert crew.ask("owner", "POST", "{space}/hooks", {"provider": "github"}).status_code == 200


def test_a_hook_is_not_installed_at_an_address_that_the_operator_did_not_allow(crew: Crew) -> None:
    follow(crew, "https://10.0.0.1/acme/app")
    refused = crew.ask("owner", "POST", "{space}/hooks", {"provider": "gitea", "host_token": TOKEN})
    assert (refused.status_code, refused.json()["code"]) == (422, "egress_refused")


def test_a_host_of_unknown_kind_has_to_be_named(crew: Crew) -> None:
    follow(crew, "https://git.example.org/acme/app")
    answer = crew.ask("owner", "POST", "{space}/hooks")
    assert (answer.status_code, answer.json()["code"]) == (422, "provider_unknown")


def test_rules_are_read_as_they_were_set_and_nonsense_is_refused(crew: Crew) -> None:
    rules = {
        "branches": ["main"],
        "paths": ["api/**", "!**/*.md"],
        "lock": {"reason": "the fair is on", "expires_at": "2026-12-01T00:00:00Z"},
        "freeze_windows": [{"cron": "0 17 * * FRI", "duration_minutes": 600, "timezone": "Europe/Berlin"}],
    }
    crew.done("PUT", "{space}/deploy-rules", rules)
    read = crew.done("GET", "{space}/deploy-rules")
    assert {name: read[name] for name in ("branches", "paths", "lock")} == {
        name: rules[name] for name in ("branches", "paths", "lock")
    }
    assert (read["tags"], read["skip_tokens"], read["approval"]) == ([], True, False)
    for wrong in ({"branch": "main"}, {"freeze_windows": [{"cron": "x", "duration_minutes": 1}]}, {"paths": "a"}):
        assert crew.ask("owner", "PUT", "{space}/deploy-rules", wrong).status_code == 422


def test_a_locked_space_refuses_a_deployment_by_hand_with_the_reason(crew: Crew) -> None:
    crew.done("PUT", "{space}/deploy-rules", {"lock": {"reason": "the fair is on"}})
    answer = crew.ask("owner", "POST", "{space}/deployments")
    assert (answer.status_code, answer.json()["code"]) == (409, "space_locked")
    assert answer.json()["detail"].endswith("is locked: the fair is on")


def test_a_deployment_that_waits_for_approval_is_approved_or_rejected(crew: Crew) -> None:
    crew.done("PUT", "{space}/deploy-rules", {"approval": True})
    first = crew.done("POST", "{space}/deployments")
    approved = crew.done("POST", f"/api/v1/deployments/{first['id']}/approval", {"revision": None})
    second = crew.done("POST", "{space}/deployments", {"if_busy": "wait"})
    rejected = crew.done("POST", f"/api/v1/deployments/{second['id']}/rejection", {"reason": "not now"})
    assert (first["waiting_for"], approved["waiting_for"]) == ("approval", None)
    assert (rejected["status"], rejected["reason"]) == ("canceled", "Rejected by owner: not now")

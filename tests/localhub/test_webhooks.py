"""Webhooks out."""

import http.server
import json
import queue
import threading

import pytest
from tests.localhub import spaces
from tests.localhub.git import Git, address


@pytest.fixture
def receiver():
    """An address, and what was delivered to it."""
    deliveries: queue.Queue = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            deliveries.put((self.headers.get("X-Webhook-Secret"), json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", deliveries
        server.shutdown()


def next_of(deliveries: queue.Queue, scope: str) -> tuple[str, dict]:
    while True:
        secret, payload = deliveries.get(timeout=10)
        if payload["event"]["scope"] == scope:
            return secret, payload


def test_a_commit_is_told_to_whoever_watches(hub, receiver):
    url, deliveries = receiver
    api = hub.api()
    api.create_webhook(url=url, watched=[{"type": "user", "name": "local"}], domains=["repo"], secret="s3cret")
    spaces.docker(api, "local/demo")
    before = api.space_info("local/demo").sha
    sha = spaces.push_app(api, "local/demo")
    secret, created = next_of(deliveries, "repo")
    assert (secret, created["event"]["action"]) == ("s3cret", "create")
    _, pushed = next_of(deliveries, "repo.content")
    assert pushed["repo"]["name"] == "local/demo"
    assert pushed["repo"]["headSha"] == sha
    assert pushed["updatedRefs"] == [{"ref": "refs/heads/main", "oldSha": before, "newSha": sha}]
    assert pushed["webhook"]["version"] == 3


def test_settings_and_deletion_are_told_too(hub, receiver):
    url, deliveries = receiver
    api = hub.api()
    spaces.docker(api, "local/demo")
    api.create_webhook(url=url, watched=[{"type": "space", "name": "local/demo"}], domains=["repo"])
    api.add_space_secret("local/demo", "A", "1")
    assert next_of(deliveries, "repo.config")[1]["updatedConfig"] == {"private": False}
    api.delete_repo("local/demo", repo_type="space")
    assert next_of(deliveries, "repo")[1]["event"]["action"] == "delete"


def test_a_webhook_is_kept_changed_switched_and_deleted(hub):
    api = hub.api()
    watched = [{"type": "space", "name": "local/demo"}]
    webhook = api.create_webhook(url="http://127.0.0.1:9/a", watched=watched, domains=["repo"], secret="x")
    assert webhook.secret is None
    assert api.update_webhook(webhook.id, url="http://127.0.0.1:9/b", watched=watched).url.endswith("/b")
    assert api.disable_webhook(webhook.id).disabled
    assert not api.enable_webhook(webhook.id).disabled
    api.delete_webhook(webhook.id)
    assert api.list_webhooks() == []


def test_a_push_by_git_is_told_with_the_commits_before_and_after(hub, receiver, tmp_path):
    url, deliveries = receiver
    api = hub.api()
    api.create_webhook(url=url, watched=[{"type": "user", "name": "local"}], domains=["repo"])
    spaces.docker(api, "local/demo")
    before = api.space_info("local/demo").sha
    Git(tmp_path)("clone", "--quiet", address(hub), "clone")
    clone = Git(tmp_path / "clone")
    sha = clone.commit(one_txt="1")
    clone("push", "origin", "main", "main:refs/heads/next")
    told = [next_of(deliveries, "repo.content")[1]["updatedRefs"] for _ in range(2)]
    assert [{"ref": "refs/heads/main", "oldSha": before, "newSha": sha}] in told
    assert [{"ref": "refs/heads/next", "oldSha": None, "newSha": sha}] in told

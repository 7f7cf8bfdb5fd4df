"""A push on a Git host, told by a signed delivery, against the real programs."""

from typing import Any
from urllib.parse import urlsplit

import httpx
from tests import git_hosts
from tests.git_server import GitServer
from tests.spaceport_server import Person, SpaceportServer

from spaceport.webhooks.providers import Provider


def test_a_push_goes_live_and_what_came_before_it_does_not_come_back(
    spaceport: SpaceportServer, person: Person, git: GitServer, repo_id: str
) -> None:
    name = repo_id.replace("/", "-")
    repo = git.repo(name)
    first = repo.commit({"index.html": "<p>one"})
    second = repo.commit({"index.html": "<p>two"})
    person.manage(repo_id, {"kind": "git", "url": git.url(name), "ref": "main"}, sdk="static")
    hook = person.post(f"/spaces/{repo_id}/hooks", {"provider": "gitea"})

    def push(after: str, before: str) -> Any:
        body = git_hosts.push(Provider.GITEA, name, after, before=before, files=("index.html",))
        sent = git_hosts.send(Provider.GITEA, hook["secret"], body)
        path = urlsplit(hook["url"]).path
        answer = httpx.post(spaceport.url + path, content=sent.body, headers=sent.headers, trust_env=False)
        assert answer.status_code == 202, answer.text
        return person.get(f"/deliveries/{answer.json()['delivery_id']}")

    assert "auto_deploy is off" in push(second, first)["reason"]
    person.http.patch(f"/spaces/{repo_id}", json={"auto_deploy": True}).raise_for_status()
    [decision] = push(second, first)["decisions"]
    live = person.finished({"id": decision["deployment_id"]})
    assert (live["status"], live["revision"], live["trigger"]) == ("succeeded", second, "webhook"), live

    repo.git("update-ref", "refs/heads/main", first)
    [decision] = push(first, second)["decisions"]
    back = person.finished({"id": decision["deployment_id"]})

    assert (back["status"], back["reason_code"], back["pushed"]) == ("superseded", "older_than_live", False), back
    assert back["reason"].startswith(f"Revision {first[:7]} came before {second[:7]}, which is live as release v1.")
    assert push(first, second)["reason"].endswith("was already brought by the newest deployment")

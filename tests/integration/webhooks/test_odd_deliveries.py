"""Authentic deliveries that say what hosts do not usually say: none breaks, and none leaks."""

import json

import pytest
from tests import git_hosts
from tests.integration.webhooks.conftest import sha

from spaceport.spaces.deploy_rules import Rules
from spaceport.webhooks.providers import Provider
from spaceport.webhooks.rules import Outcome


def test_a_delivery_about_another_repository_is_ignored(bench):
    space = bench.space("https://github.com/acme/app")
    host = bench.hook(space)
    body = git_hosts.push(Provider.GITHUB, "acme/other", sha(2))
    receipt = bench.receive(host.hook, git_hosts.send(Provider.GITHUB, host.secret, body))
    assert receipt.reason == "ignored: it is about acme/other, and this hook is for acme/app"
    assert bench.deployments(space) == []


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("bad", ["\0", "\ud800"])
def test_a_text_that_no_database_keeps_breaks_nothing(bench, provider, bad):
    path = "spaces/acme/app" if provider is Provider.HUGGINGFACE else "acme/app"
    host = bench.hook(bench.space(f"https://git.example.com/{path}"), provider)
    odd = {"ref": f"refs/heads/{bad}", "files": (bad,), "message": bad, "before": sha(1)}

    receipt = host.push(sha(2), **odd)

    assert receipt.reason.startswith("ignored: branch ")
    assert bench.delivery(receipt).pushes


def test_one_ref_named_twice_is_decided_once_and_of_two_that_a_space_follows_the_last_is_deployed(bench):
    space = bench.space("https://bitbucket.org/acme/app", rules=Rules(branches=["**"], tags=["v*"]))
    host = bench.hook(space, Provider.BITBUCKET)
    body = git_hosts.push(Provider.BITBUCKET, "acme/app", sha(2))
    body["push"]["changes"] *= 2
    tagged = git_hosts.push(Provider.BITBUCKET, "acme/app", sha(3), ref="refs/tags/v1")
    body["push"]["changes"] += tagged["push"]["changes"]

    receipt = bench.receive(host.hook, git_hosts.send(Provider.BITBUCKET, host.secret, body))

    [deployment] = bench.deployments(space)
    assert deployment.source["ref"] == "refs/tags/v1"
    assert {decision.ref: (decision.outcome, decision.deployment_id) for decision in bench.decisions(receipt)} == {
        "refs/heads/main": (Outcome.IGNORED, None),
        "refs/tags/v1": (Outcome.DEPLOYED, deployment.id),
    }


def test_no_secret_is_kept_with_a_delivery_and_its_payload_is_cut_off(bench):
    host = bench.hook(bench.space("https://gitea.com/gitea/webhooks"), Provider.GITEA)
    said = json.loads(git_hosts.published("gitea-push")) | {"padding": "x" * 100_000, "note": host.secret}
    said["secret"] = host.secret

    receipt = bench.receive(host.hook, git_hosts.send(Provider.GITEA, host.secret, said))

    delivery = bench.delivery(receipt)
    [row] = bench.sql("SELECT delivery::text FROM delivery")
    assert host.secret not in row[0]
    assert len(delivery.payload) == 16 * 1024 < delivery.payload_bytes
    assert set(delivery.headers) == {"content-type", "x-gitea-event", "x-gitea-delivery"}

"""A delivery is verified, deduplicated, decided and written down at once; what is forged leaves nothing but a count."""

import threading
import time

import pytest
from tests import git_hosts
from tests.integration.webhooks.conftest import sha

from spaceport.deployments.states import Status
from spaceport.errors import NotFound, Unauthorized
from spaceport.spaces.deploy_rules import Rules
from spaceport.webhooks import decide, deliveries, hooks
from spaceport.webhooks.model import Hook
from spaceport.webhooks.providers import Provider
from spaceport.webhooks.rules import Outcome

URL = "https://github.com/Acme/App.git"


@pytest.fixture
def space(bench):
    return bench.space(URL)


@pytest.fixture
def host(bench, space):
    return bench.hook(space)


def fresh(bench, hook):
    with bench.database.unit_of_work() as session:
        return session.get_one(Hook, hook.id)


@pytest.mark.parametrize("provider", Provider)
def test_a_push_of_each_host_deploys_and_says_so(bench, provider):
    path = "spaces/acme/app" if provider is Provider.HUGGINGFACE else "acme/app"
    space = bench.space(f"https://git.example.com/{path}")
    host = bench.hook(space, provider)

    receipt = host.push(sha(2), before=sha(1), files=("a",))

    [deployment] = bench.deployments(space)
    [decision] = bench.decisions(receipt)
    assert (deployment.trigger, deployment.initiator_id) == ("webhook", receipt.delivery_id)
    assert (deployment.status, deployment.waiting_for, deployment.source) == (Status.QUEUED, None, space.source)
    assert (decision.outcome, decision.deployment_id) == (Outcome.DEPLOYED, deployment.id)
    assert receipt.reason == "deployed: branch main moved to 0000000; deployment #1 was queued"
    assert fresh(bench, host.hook).verified_at is not None


def test_githubs_published_push_deploys_the_repository_it_names(bench):
    space = bench.space("https://github.com/codertocat/hello-world", source={"ref": None})
    host = bench.hook(space)
    sent = git_hosts.send(Provider.GITHUB, host.secret, git_hosts.published("github-push"))

    bench.receive(host.hook, sent)

    assert len(bench.deployments(space)) == 1


@pytest.mark.parametrize(
    ("name", "repository", "status", "reason"),
    [
        ("ping", "Octocoders/Hello-World", "ping", "The host has found the way here: the hook is set up."),
        ("issues", "Codertocat/Hello-World", "ignored", "ignored: events of the kind issues deploy nothing"),
    ],
)
def test_a_ping_verifies_the_hook_and_other_events_are_kept_with_a_reason(bench, name, repository, status, reason):
    host = bench.hook(bench.space(f"https://github.com/{repository}"))
    body = git_hosts.published(f"github-{name}")

    receipt = bench.receive(host.hook, git_hosts.send(Provider.GITHUB, host.secret, body, event=name))

    assert (receipt.status, receipt.reason) == (status, reason)
    assert bench.delivery(receipt).event == name
    assert fresh(bench, host.hook).verified_at is not None


def test_the_same_delivery_twice_is_one(bench, space, host):
    sent = host.sent(sha(2))
    first, second = bench.receive(host.hook, sent), bench.receive(host.hook, sent)
    assert (second.duplicate, second.delivery_id) == (True, first.delivery_id)
    assert len(bench.deployments(space)) == 1
    assert bench.sql("SELECT count(*) FROM delivery")[0][0] == 1


def test_the_same_delivery_several_times_at_once_is_one(bench, space, host):
    sent, receipts = host.sent(sha(2)), []
    threads = [threading.Thread(target=lambda: receipts.append(bench.receive(host.hook, sent))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({receipt.delivery_id for receipt in receipts}) == 1
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert len(bench.deployments(space)) == 1


def test_a_delivery_that_is_sent_again_within_its_hosts_three_days_is_still_the_same(bench, space, host):
    sent = host.sent(sha(2))
    first = bench.receive(host.hook, sent)
    bench.sql("UPDATE delivery SET received_at = now() - interval '73 hours' RETURNING 1")
    with bench.database.unit_of_work() as session:
        deliveries.prune(session)
    assert bench.receive(host.hook, sent).delivery_id == first.delivery_id
    assert len(bench.deployments(space)) == 1


@pytest.mark.parametrize("broken", ["fan_out.fan_out", "keep"])
def test_the_delivery_the_decision_and_the_deployment_come_together_or_not_at_all(
    bench, space, host, monkeypatch, broken
):
    """The host hears of a failure, and its next try finds everything as it was."""
    sent = host.sent(sha(2))
    with monkeypatch.context() as patch:
        whole = decide.fan_out.fan_out if broken == "fan_out.fan_out" else decide.keep

        def fails_at_the_end(*arguments, **named):
            whole(*arguments, **named)
            raise ConnectionError

        patch.setattr(f"spaceport.webhooks.decide.{broken}", fails_at_the_end)
        with pytest.raises(ConnectionError):
            bench.receive(host.hook, sent)
    written = "SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM decision), (SELECT count(*) FROM event)"
    assert bench.deployments(space) == []
    assert bench.sql(written) == [(0, 0, 1)], "of the hook that was made"
    assert fresh(bench, host.hook).verified_at is None

    receipt = bench.receive(host.hook, sent)

    assert (receipt.duplicate, receipt.status) == (False, "deployed")
    assert len(bench.deployments(space)) == 1


def test_hugging_face_sends_no_id_and_is_deduplicated_by_what_it_says(bench):
    space = bench.space("https://huggingface.co/spaces/acme/app")
    host = bench.hook(space, Provider.HUGGINGFACE)
    assert not host.push(sha(2), before=sha(1)).duplicate
    assert host.push(sha(2), before=sha(1)).duplicate
    assert not host.push(sha(3), before=sha(2)).duplicate


def test_a_captured_delivery_under_a_new_id_deploys_nothing_again(bench, space, host):
    host.push(sha(2), before=sha(1))
    bench.end(bench.begin(space, sha(2)), Status.SUCCEEDED)

    receipt = host.push(sha(2), before=sha(1))

    assert receipt.reason == "ignored: revision 0000000 was already brought by the newest deployment"
    assert len(bench.deployments(space)) == 1


def test_a_forged_delivery_is_refused_and_only_counted(bench, space, host):
    forged = [host.sent(sha(2)).altered(x_hub_signature_256=given) for given in (None, "", "sha256=" + "0" * 64)]
    for sent in forged:
        with pytest.raises(Unauthorized) as caught:
            bench.receive(host.hook, sent)
        assert caught.value.code == "delivery_refused"
    assert bench.deployments(space) == []
    assert bench.sql("SELECT count(*) FROM delivery")[0][0] == 0
    hook = fresh(bench, host.hook)
    assert (hook.forged_count, hook.verified_at) == (3, None)


def test_a_hook_that_is_deleted_unknown_or_of_another_provider_receives_nothing(bench, host):
    sent = host.sent(sha(2))
    wrong = Hook(**host.hook.model_dump() | {"provider": Provider.GITEA})
    with pytest.raises(NotFound):
        bench.receive(wrong, sent)
    with bench.database.unit_of_work() as session:
        hooks.delete(session, bench.caller, session.get_one(Hook, host.hook.id))
    with pytest.raises(NotFound):
        bench.receive(host.hook, sent)


def test_after_a_rotation_only_the_new_secret_counts(bench, host):
    with bench.database.unit_of_work() as session:
        host_secret = hooks.rotate(session, bench.instance, bench.caller, session.get_one(Hook, host.hook.id), None)
    with pytest.raises(Unauthorized):
        host.push(sha(2))
    host.secret = host_secret
    assert not host.push(sha(2)).duplicate


def test_a_storm_of_a_hundred_pushes_costs_two_deployments(bench, space, host):
    host.push(sha(1))
    running = bench.begin(space, sha(1))
    receipts = [host.push(sha(number), before=sha(number - 1)) for number in range(2, 101)]
    first, second = bench.deployments(space)
    assert (first.status, second.status, second.waiting_for) == (Status.PUSHING, Status.QUEUED, "slot")
    bench.end(running, Status.SUCCEEDED)
    [decision] = bench.decisions(receipts[-1])
    assert (decision.outcome, decision.deployment_id) == (Outcome.JOINED, second.id)
    assert len(bench.deployments(space)) == 2


def test_a_thousand_spaces_of_a_repository_are_decided_in_two_seconds_with_few_statements(bench):
    rows = [bench.row({"kind": "git", "url": URL, "ref": "main", "folder": f"apps/{number}"}) for number in range(1000)]
    with bench.database.unit_of_work() as session:
        session.add_all(rows)
    host = bench.hook(rows[0])
    began = time.perf_counter()
    with bench.statements() as sent:
        receipt = host.push(sha(2), before=sha(1), files=tuple(f"apps/{number}/a.py" for number in range(0, 1000, 2)))
    seconds = time.perf_counter() - began
    with bench.statements() as again:
        ignored = host.push(sha(3), ref="refs/heads/feature/x")

    assert receipt.reason == "deployed: branch main moved to 0000000; deployment #1 was queued (1000 spaces)"
    assert bench.sql("SELECT count(*) FROM deployment")[0][0] == 1000
    assert len(sent) < 70, sent
    assert len(again) <= 4, again
    assert ignored.reason == "ignored: branch feature/x does not match main (1000 spaces)"
    assert seconds < 2 * 4, "four times the promise, for a machine that is busy otherwise"


def test_redelivering_decides_afresh_by_todays_rules(bench, space, host):
    bench.rules(space, Rules(branches=["release"]))
    first = host.push(sha(2))
    bench.rules(space, Rules())
    with bench.database.unit_of_work() as session:
        again = deliveries.redeliver(session, bench.instance, bench.caller, bench.delivery(first))
    assert first.reason == "ignored: branch main does not match release"
    assert (again.status, again.redelivery_of) == ("deployed", first.delivery_id)
    assert len(bench.deployments(space)) == 1


def test_deliveries_are_let_go_after_a_month(bench, host):
    host.push(sha(2))
    bench.sql("UPDATE delivery SET received_at = now() - interval '31 days' RETURNING 1")
    kept = host.push(sha(3))
    with bench.database.unit_of_work() as session:
        deliveries.prune(session)
    assert bench.sql("SELECT id FROM delivery") == [(kept.delivery_id,)]
    assert [row[0] for row in bench.sql("SELECT delivery_id FROM decision")] == [kept.delivery_id]

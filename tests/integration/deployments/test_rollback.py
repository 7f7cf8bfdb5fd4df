"""Putting the last good release back, and when that is better left."""

from collections.abc import Callable
from typing import Any

from tests.integration.deployments.conftest import Bench
from tests.localhub_server import LocalHub

from spaceport.deployments import rollback
from spaceport.deployments.model import IfBusy
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.spaces import deploy_rules
from spaceport.spaces.model import Space

FAILED = Ended("post_deploy_failed", "The smoke test failed.")


async def failed(bench: Bench, server: LocalHub, step: Callable[..., Step], sha: str = "") -> Any:
    """The deployment whose smoke test failed, after its end."""
    deployment = bench.request()
    following = step(deployment)
    bench.advance(deployment, to=Status.VERIFYING)
    head = server.api().space_info("local/demo").sha
    bench.sql("UPDATE deployment SET hub_sha = :sha WHERE id = :id", sha=sha or head, id=deployment)
    await rollback.end(following, FAILED)
    return bench.deployment(deployment)


def released(bench: Bench, sha: str) -> None:
    deployment = bench.request()
    bench.advance(deployment, to=Status.VERIFYING)
    bench.sql("UPDATE deployment SET hub_sha = :sha WHERE id = :id", sha=sha, id=deployment)
    bench.end(deployment, Status.SUCCEEDED)


async def test_a_release_is_put_back_by_a_deployment_of_its_own(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    released(bench, "a" * 40)
    ended = await failed(bench, server, step)
    back = bench.deployment(ended.rolled_back_by)
    assert ended.reason == "The smoke test failed. Deployment #3 puts the last good release, v1, back."
    assert (back.trigger, back.status, back.waiting_for) == ("rollback", Status.QUEUED, None)
    assert back.source == {"kind": "space", "repo_id": "local/demo", "revision": "a" * 40}
    assert back.initiator_id == ended.initiator_id


async def test_a_rollback_passes_every_gate_and_what_waits_behind_one_does_not_hold_it_up(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    released(bench, "a" * 40)
    deployment = bench.request()
    following = step(deployment)
    bench.advance(deployment, to=Status.VERIFYING)
    head = server.api().space_info("local/demo").sha
    bench.sql("UPDATE deployment SET hub_sha = :sha WHERE id = :id", sha=head, id=deployment)
    gated = bench.request(IfBusy.WAIT)
    bench.sql("UPDATE deployment SET waiting_for = 'approval' WHERE id = :id", id=gated)
    with bench.database.unit_of_work() as session:
        lock = deploy_rules.Lock(reason="holidays")
        rules = deploy_rules.Rules(approval=True, lock=lock)
        deploy_rules.set_rules(session, session.get_one(Space, bench.space_id), rules)
    await rollback.end(following, FAILED)
    back = bench.deployment(bench.deployment(deployment).rolled_back_by or "")
    assert (back.trigger, back.waiting_for) == ("rollback", None)
    assert bench.deployment(gated).waiting_for == "approval"


async def test_nothing_is_put_back_where_it_would_do_harm_or_nothing(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    ended = await failed(bench, server, step)
    assert "no earlier release" in ended.reason
    released(bench, server.api().space_info("local/demo").sha or "")
    assert "is the last release, v1, itself" in (await failed(bench, server, step)).reason
    assert "somebody else has pushed" in (await failed(bench, server, step, sha="b" * 40)).reason
    assert bench.sql("SELECT id FROM deployment WHERE trigger = 'rollback'") == []


async def test_nothing_is_put_back_before_a_newer_deployment_that_waits(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    released(bench, "a" * 40)
    deployment = bench.request()
    following = step(deployment)
    bench.advance(deployment, to=Status.VERIFYING)
    bench.sql(
        "UPDATE deployment SET hub_sha = :sha WHERE id = :id",
        sha=server.api().space_info("local/demo").sha,
        id=deployment,
    )
    waiting = bench.request(IfBusy.WAIT)
    await rollback.end(following, FAILED)
    assert bench.deployment(deployment).reason.endswith("deployment #3 was waiting and comes next.")
    assert bench.deployment(waiting).waiting_for is None

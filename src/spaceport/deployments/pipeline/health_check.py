"""Job 3: the app answers as its rule demands, several times in a row; only then is the deployment live."""

import asyncio
from datetime import timedelta

from spaceport import clock
from spaceport.deployments import log, phases, rollback, stream
from spaceport.deployments.pipeline.build import CLOCK_SLACK
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.health.rule import HealthRule
from spaceport.hub import HubFailure
from spaceport.spaces.model import Sdk, Visibility
from spaceport.spaces.release_jobs import Phase

# A newer build or start may be under way; what is served meanwhile is ours.
_SERVES = frozenset({"RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING"})


async def health_check(step: Step) -> None:
    recorder = asyncio.create_task(_record_app_log(step))
    try:
        host = await _host(step)
        # An earlier run that got this far had found it healthy.
        if Phase.POST_DEPLOY not in step.deployment.release_runs:
            await _verify(step, host, step.claim.space.health_rule)
        await _smoke_test(step, host)
    finally:
        recorder.cancel()
        await asyncio.gather(recorder, return_exceptions=True)


async def _verify(step: Step, host: str, rule: HealthRule) -> None:
    token = None
    if step.claim.space.visibility is Visibility.PRIVATE:
        token = await step.call(step.hub.visit_token, step.repo_id)
    assert step.deployment.verifying_at is not None
    deadline = step.deployment.verifying_at + timedelta(seconds=rule.within + step.deployment.held_seconds)
    good = 0
    while True:
        problem = await step.instance.prober.probe(host, rule, token=token)
        good = 0 if problem else good + 1
        if good >= rule.successes:
            return
        if clock.now() >= deadline:
            raise Ended(
                "health_check_failed",
                f"The app is running but was not healthy within {rule.within:g} s. Last probe: {problem}.",
                "Make the app answer so, or change the space's health rule (path, status, body).",
            )
        await asyncio.sleep(rule.interval)


async def _smoke_test(step: Step, host: str) -> None:
    sha = step.deployment.hub_sha
    assert sha is not None
    facts = {"SPACEPORT_URL": host, "SPACEPORT_COMMIT": sha, "SPACEPORT_REVISION": step.deployment.revision or sha}
    try:
        await phases.run(step, Phase.POST_DEPLOY, sha, facts)
    except Ended as failed:
        await rollback.end(step, failed)
    else:
        await _go_live(step, host)


async def _host(step: Step) -> str:
    """Where the Hub says the app answers; never computed from the name (the Hub's contract, 12.6)."""
    if step.claim.space.host:
        return step.claim.space.host
    head = await step.call(step.hub.head, step.repo_id)
    if not head.host:
        raise Ended("no_address", "The Hub gives no address for this Space.", "Check that the Space is not disabled.")
    return head.host


async def _go_live(step: Step, host: str) -> None:
    """Look once more: the Space may have been changed by somebody else while it was verified."""
    runtime = await step.runtime()
    if runtime.sha not in (None, step.deployment.hub_sha):
        raise Ended(
            "replaced",
            f"The Space serves commit {runtime.sha[:7]} now, not ours: somebody else pushed while it was verified.",
            "Deploy again, and let one side alone push to this Space.",
        )
    if runtime.stage not in _SERVES:
        raise Ended(
            "not_served",
            f"The app answered, but the Space is {runtime.stage} now: it was stopped while it was verified.",
            "Look at the Space's page for who or what stopped it, then deploy again.",
        )
    live = f"Commit {(step.deployment.hub_sha or '')[:7]} is served and healthy."
    await step.end(Ended("live", live, status=Status.SUCCEEDED), url=host)


async def _record_app_log(step: Step) -> None:
    """The app's own log belongs to the deployment; losing its stream is no reason to fail."""
    deployment = step.deployment
    if step.claim.space.sdk is Sdk.STATIC:
        return
    assert deployment.hub_sha is not None
    assert deployment.pushed_at is not None
    since = deployment.pushed_at - CLOCK_SLACK
    position = log.Position(deployment.hub_sha, since, deployment.log_positions.get("run"))
    try:
        await stream.record(step, "run", position, limit=3600)
    except HubFailure:
        return

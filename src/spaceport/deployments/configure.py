"""Applying what is staged of a space's configuration, just before its deployment pushes."""

import asyncio

from spaceport.configuration import applications, apply
from spaceport.configuration.model import Application
from spaceport.deployments import slot
from spaceport.deployments.step import Ended, Step
from spaceport.deployments.stop import CONFIGURATION_ON_ITS_WAY, CONFIGURED
from spaceport.hub import unless


async def configure(step: Step) -> None:
    """Costs the Hub nothing when nothing is staged. An earlier run of the job may have left it half done."""
    application = await asyncio.to_thread(_begin, step)
    if application is None:
        return
    await step.say("Applying the staged secrets and variables.")
    outcome = await step.call(_apply, step, application)
    if outcome.applied:
        named = ", ".join(f"{version.kind} {version.key}" for version in outcome.applied)
        await step.say(f"Applied {named}.")
    if outcome.refused:
        first = outcome.refused[0]
        raise Ended(
            "configuration_refused",
            f"The Hub did not take the {first.version.kind} {first.version.key}: {first.failure.message}",
            "Set another value, or discard the change with DELETE …/configuration/staged, then deploy again.",
        )


def _apply(step: Step, application: Application) -> apply.Outcome:
    """To its end although the deployment is stopped meanwhile: the Space may be paused."""
    step.left = CONFIGURATION_ON_ITS_WAY
    with unless(lambda: False):
        outcome = apply.run(step.instance, step.hub, step.claim.space, application)
    if outcome.applied:
        step.untouched = CONFIGURED
    step.left = step.untouched
    return outcome


def _begin(step: Step) -> Application | None:
    with step.instance.database.unit_of_work() as session:
        space = slot.lock(session, step.claim.space.id)
        deployment = step.deployment
        return applications.begin(session, space, asked_by=deployment.initiator_id, deployment_id=deployment.id)

"""Between two runs of the push job: the space's own Hub job on the fetched revision, such as its tests or migrations.

A job of its own kind, because it may take long and a push has to be short: few of those run at once.
"""

from spaceport.deployments import phases
from spaceport.deployments.step import Step
from spaceport.deployments.stop import UNTOUCHED
from spaceport.jobs.model import JobKind
from spaceport.spaces.release_jobs import Phase


async def pre_deploy(step: Step) -> None:
    deployment = step.deployment
    assert deployment.revision is not None
    # The push job looked for a commit of an earlier run before it handed over.
    step.left = UNTOUCHED
    facts = {"SPACEPORT_REVISION": deployment.revision}
    # For a repository, enough to fetch the very revision.
    if url := deployment.source.get("url"):
        facts |= {"SPACEPORT_SOURCE_URL": url, "SPACEPORT_SOURCE_REF": deployment.ref or ""}
    await phases.run(step, Phase.PRE_DEPLOY, deployment.revision, facts)
    await step.hand_to(JobKind.PUSH)

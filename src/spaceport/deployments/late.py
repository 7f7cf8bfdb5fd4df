"""What became of a change that was still on its way to the Space when its deployment was stopped.

A stopped deployment ends within a second and frees its slot; a request that the Hub has received cannot be taken
back. The next deployment is safe from it: both commits name their parent, so the Hub refuses the later one.
"""

import structlog
from sqlmodel import Session

from spaceport import clock
from spaceport.deployments import log, slot
from spaceport.deployments.history import note
from spaceport.deployments.model import Deployment
from spaceport.deployments.step import Step
from spaceport.deployments.stop import COMMIT_ON_ITS_WAY, left_after_push
from spaceport.errors import SpaceportError
from spaceport.hub import LogLine

logger = structlog.get_logger()


def settle(step: Step, said: str) -> None:
    """Correct what a stopped deployment `said` it left, once its last request has ended. Blocking; never raises.

    Where it cannot be recorded the reconciler still finds the change, as drift.
    """
    try:
        if said == step.left == COMMIT_ON_ITS_WAY and (sha := step.hub.find_commit(step.repo_id, step.marker)):
            step.landed, step.left = sha, left_after_push(sha)
        if step.left != said:
            with step.instance.database.unit_of_work() as session:
                _record(session, step, said)
    except SpaceportError as error:
        logger.warning("deployment.not_settled", deployment=step.deployment.id, reason=error.message)


def _record(session: Session, step: Step, said: str) -> None:
    slot.lock(session, step.claim.space.id)
    deployment = session.get_one(
        Deployment, step.deployment.id, with_for_update={"key_share": True}, populate_existing=True
    )
    # A successor of this run looks for itself.
    if deployment.run_epoch != step.claim.epoch or not deployment.status.final:
        return
    deployment.reason = (deployment.reason or "").replace(said, step.left)
    if step.landed is not None:
        deployment.hub_sha, deployment.pushed = step.landed, True
        # It was sent before that, and so before anything of the next deployment, which may have pushed by now.
        deployment.pushed_at = deployment.finished_at
    log.append(session, deployment, "push", [LogLine(clock.now(), f"After the end it became known: {step.left}")])
    note(session, deployment, "settled", actor="worker", hub_sha=step.landed, left=step.left)
    session.add(deployment)

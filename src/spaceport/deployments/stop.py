"""What a deployment that was stopped says: who stopped it, and what it left on the Space."""

from spaceport.deployments.finish import Ending
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.spaces.release_jobs import Phase

UNTOUCHED = "The Space was not touched."
CONFIGURATION_ON_ITS_WAY = (
    "Its staged secrets and variables were on their way to the Space; its files were not touched."
)
CONFIGURED = "Secrets and variables of the Space were changed; its files were not touched."
COMMIT_ON_ITS_WAY = "A commit was on its way to the Space and may have arrived."
RESTART_ON_ITS_WAY = "A restart of the Space had been asked for and may be under way; its files were not touched."
RESTARTED = "The Space was restarted; its files were not touched."


def left_after_push(sha: str) -> str:
    return f"Commit {sha[:7]} is on the Space, which goes on building or serving it."


def left(deployment: Deployment) -> str:
    """What is known from the row alone, when nobody runs the deployment."""
    if deployment.hub_sha is not None:
        return left_after_push(deployment.hub_sha)
    asked = deployment.release_runs.get(Phase.PRE_DEPLOY)
    # While that job runs, nothing has been pushed.
    if deployment.status is Status.PUSHING and not (asked is not None and asked.under_way):
        return "An earlier run of the push may have left a commit on the Space."
    return UNTOUCHED


def stopped(deployment: Deployment, left: str) -> Ending:
    """The end of a running deployment that was canceled, or that a newer one took over."""
    if newer := deployment.superseded_by:
        reason = f"Deployment {newer} took over while this one was {deployment.status}. {left}"
        return Ending(Status.SUPERSEDED, "superseded", reason)
    return Ending(Status.CANCELED, "canceled", f"Canceled while {deployment.status}. {left}")

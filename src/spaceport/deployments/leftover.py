"""The Hub job of a deployment that has ended while it ran: canceled on the Hub, and recorded.

A stopped deployment ends within a second, whatever the Hub does. Its job is seen to afterwards, by the worker that
stopped or, where none was there or it died, by the reconciler.
"""

from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlmodel import Session

from spaceport import clock
from spaceport.deployments import log, phases, slot
from spaceport.deployments.history import note
from spaceport.deployments.model import RUNS_A_RELEASE_JOB, Deployment, ReleaseJobRun
from spaceport.errors import SpaceportError
from spaceport.hub import Hub, HubFailure, LogLine
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces.model import Space
from spaceport.spaces.release_jobs import Phase

# The Hub itself has ended whatever is older.
_LONGEST = timedelta(days=2)
# A request for a job may be on its way for as long as our time-outs; before that, not finding the job proves nothing.
_ON_ITS_WAY = timedelta(seconds=90)
_FOUND = text(f"""
    SELECT id FROM deployment WHERE {RUNS_A_RELEASE_JOB} AND finished_at > :since AND (
        finished_at < :arrived
        OR NOT jsonb_path_exists(release_jobs, '$.* ? (@.stage == null && @.job_id == null)')
    ) ORDER BY id
""")  # noqa: S608 - a constant of ours

logger = structlog.get_logger()


def found(session: Session) -> list[str]:
    """For the reconciler: ended deployments whose job may be running."""
    times = {"since": clock.now() - _LONGEST, "arrived": clock.now() - _ON_ITS_WAY}
    return list(session.execute(_FOUND, times).scalars())


def settle(instance: Instance, deployment_id: str) -> None:
    """Cancel what an ended deployment has running on the Hub. Blocking; never raises; safe to do twice."""
    try:
        with instance.database.unit_of_work() as session:
            deployment = session.get_one(Deployment, deployment_id)
            space = session.get_one(Space, deployment.space_id)
            if not deployment.status.final or not phases.under_way(deployment):
                return
            hub = hub_accounts.connect(session, instance, space.hub_account_id)
        for phase, run in deployment.release_runs.items():
            if run.under_way:
                ended = _canceled(hub, space.owner, deployment, phase, run)
                with instance.database.unit_of_work() as session:
                    _record(session, deployment, phase, ended)
    except SpaceportError as error:
        logger.warning("release_job.left_running", deployment=deployment_id, reason=error.message)


def _canceled(hub: Hub, namespace: str, deployment: Deployment, phase: Phase, run: ReleaseJobRun) -> ReleaseJobRun:
    """The run as it ended. Raises HubFailure where another attempt may do better."""
    try:
        if run.job_id is None:
            job = phases.find(hub, namespace, phases.labels(deployment, phase, run))
            if job is None:
                return run.model_copy(update={"stage": "CANCELED", "message": "the Hub was never asked for it"})
            run = run.model_copy(update={"job_id": job.id, "url": job.url})
        status = hub.jobs.cancel(namespace, run.job_id or "").status
    except HubFailure as failure:
        if failure.transient:
            raise
        return run.model_copy(update={"stage": "DELETED", "message": failure.message})
    if status.final and status.stage != "CANCELED":
        return run.model_copy(update={"stage": status.stage, "message": status.message})
    return run.model_copy(update={"stage": "CANCELED", "message": "its deployment ended"})


def _record(session: Session, seen: Deployment, phase: Phase, run: ReleaseJobRun) -> None:
    slot.lock(session, seen.space_id)
    deployment = session.get_one(Deployment, seen.id, with_for_update={"key_share": True}, populate_existing=True)
    if not deployment.release_runs[phase].under_way:
        return
    deployment.release_jobs = {**deployment.release_jobs, phase: run.model_dump(mode="json")}
    sentence = f"Its {phase} job {run.job_id or ''} ended as {run.stage}.".replace("  ", " ")
    deployment.reason = f"{deployment.reason or ''} {sentence}".strip()
    log.append(session, deployment, phase, [LogLine(clock.now(), sentence)])
    note(session, deployment, "release_job_ended", actor="worker", phase=phase, job=run.job_id, stage=run.stage)
    session.add(deployment)

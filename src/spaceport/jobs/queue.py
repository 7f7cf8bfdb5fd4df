"""Putting jobs on the engine's queue, and taking them off, inside the caller's own transaction.

Uses the engine's SQL functions, so that a deployment and its job commit together or not at all.
"""

import json
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from spaceport.jobs.model import Job, JobKind

PUSH_QUEUE = "push"
WATCH_QUEUE = "watch"
_QUEUES = {
    JobKind.PUSH: PUSH_QUEUE,
    JobKind.PRE_DEPLOY: WATCH_QUEUE,
    JobKind.BUILD: WATCH_QUEUE,
    JobKind.HEALTH_CHECK: WATCH_QUEUE,
}
# A deployment that is further on goes first: it holds a Space's slot.
_PRIORITY = {JobKind.PUSH: 0, JobKind.PRE_DEPLOY: 5, JobKind.BUILD: 10, JobKind.HEALTH_CHECK: 20}

_DEFER = text("""
    SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(
        :queue, :task, :priority, NULL, NULL, CAST(:args AS jsonb), CAST(:at AS timestamptz)
    )]::procrastinate_job_to_defer_v1[]))[1]
""")
_ABORT = text("SELECT procrastinate_cancel_job_v1(:id, true, false)")
_LOST = text("""
    SELECT job.id, engine.id AS engine_id, engine.status::text AS status
    FROM job
    LEFT JOIN procrastinate_jobs engine ON engine.id = job.engine_id
    LEFT JOIN procrastinate_workers worker ON worker.id = engine.worker_id
    WHERE job.stage IN ('SCHEDULING', 'RUNNING') AND job.engine_id IS NOT NULL
      AND CASE engine.status
          WHEN 'todo' THEN false
          WHEN 'doing' THEN worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :silence)
          ELSE true
      END
    FOR NO KEY UPDATE OF job SKIP LOCKED
""")
_FAIL = text("SELECT procrastinate_finish_job_v1(:id, 'failed', false)")


def defer(session: Session, job: Job, *, at: datetime | None = None) -> None:
    """Queue the job; it runs after the commit, or at `at`. The entry's id is the first fence: see `claim`."""
    job.engine_id = session.execute(
        _DEFER,
        {
            "queue": _QUEUES[job.kind],
            "task": job.kind.value,
            "priority": _PRIORITY[job.kind],
            "args": json.dumps({"job_id": job.id}),
            "at": at,
        },
    ).scalar_one()
    session.add(job)


def abort(session: Session, job: Job) -> None:
    """Ask the worker that runs the job to stop at once; a job that waits never starts."""
    session.execute(_ABORT, {"id": job.engine_id})


def rescue(session: Session, *, silence: float) -> list[str]:
    """Give every open job whose engine entry is gone, ended, or held by a dead worker a new entry.

    `silence`: seconds without a heartbeat after which a worker counts as dead. Safe to run anywhere at any
    time: rows are locked, and a run that was not dead after all is fenced off by the new entry's id.
    """
    rescued = []
    for row in session.execute(_LOST, {"silence": silence}).all():
        if row.status == "doing":
            session.execute(_FAIL, {"id": row.engine_id})
        job = session.get_one(Job, row.id)
        defer(session, job)
        rescued.append(job.id)
    return rescued

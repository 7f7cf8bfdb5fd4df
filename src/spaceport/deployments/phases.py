"""Release phases: a Hub job before a deployment is pushed, and one when its commit is served and healthy.

That a job is wanted is written down before the Hub is asked, and the job carries the deployment as labels: a run that
takes over finds it instead of starting a second one.
"""

import asyncio
import re
from datetime import timedelta
from itertools import chain, count

from pydantic import SecretStr
from sqlmodel import Session

from spaceport import clock
from spaceport.configuration import hand_over
from spaceport.deployments import log, stream
from spaceport.deployments.history import note
from spaceport.deployments.model import ROLLBACK, Deployment, ReleaseJobRun
from spaceport.deployments.step import Ended, Step
from spaceport.deployments.stop import UNTOUCHED
from spaceport.errors import Invalid, NotFound
from spaceport.hub import Hub, HubFailure, JobInfo, LogLine, ReleaseJob
from spaceport.spaces.release_jobs import Phase

# Looks at the job while its log stream stays open, and pauses before another one after the stream has ended.
_SAFETY_LOOKS = (120.0, 600.0)
_PAUSES = (1.0, 2.0, 5.0, 10.0, 15.0)
_LAST_LINES_WITHIN = 10.0


async def run(step: Step, phase: Phase, revision: str, environment: dict[str, str]) -> None:
    """Return once the phase's job has completed, or when none is wanted.

    Raises Ended with `phase.failed` for a job that did not, or that the Hub does not take; HubFailure where the same
    may work later.
    """
    try:
        ended = await _Run(step, phase).to_its_end(revision, environment)
    except HubFailure as failure:
        if failure.transient:
            raise
        raise Ended(phase.failed, f"The {phase} job could not be run. {failure.message}", failure.fix) from failure
    if ended is not None and ended.stage != "COMPLETED":
        said = ended.message or "the Hub said no more"
        left = f" {UNTOUCHED}" if phase is Phase.PRE_DEPLOY else ""
        raise Ended(
            phase.failed,
            f"The {phase} job {ended.job_id} ended as {ended.stage}: {said}.{left}",
            f"Read the {phase} lines of the log, mend what the job complains about and deploy again.",
        )


def awaited(step: Step, phase: Phase) -> bool:
    """Whether the phase's job has yet to be run."""
    run = step.deployment.release_runs.get(phase)
    done = run is not None and run.stage == "COMPLETED"
    wanted = step.claim.space.release_job(phase) is not None and step.deployment.trigger != ROLLBACK
    return wanted and not done


def under_way(deployment: Deployment) -> bool:
    """Whether a job of the deployment may be running on the Hub."""
    return any(run.under_way for run in deployment.release_runs.values())


def labels(deployment: Deployment, phase: Phase, run: ReleaseJobRun) -> dict[str, str]:
    return {
        "spaceport-deployment": deployment.id,
        "spaceport-phase": phase.value,
        "spaceport-revision": re.sub(r"[^a-zA-Z0-9._-]", "-", run.revision)[:100],
    }


def find(hub: Hub, namespace: str, labels: dict[str, str]) -> JobInfo | None:
    found = hub.jobs.page(namespace, labels=[f"{key}={value}" for key, value in labels.items()])
    return found.items[0] if found.items else None


class _Run:
    """One phase of one deployment."""

    def __init__(self, step: Step, phase: Phase) -> None:
        self._step = step
        self._phase = phase
        self._namespace = step.claim.space.owner

    async def to_its_end(self, revision: str, environment: dict[str, str]) -> ReleaseJobRun | None:
        told = self._step.deployment.release_runs.get(self._phase)
        job = await self._found(told) if told is not None and told.job_id is None else None
        told = told or await self._ask_for(revision)
        if told is None:
            return None
        if told.job_id is None:
            job = job or await self._start(told, environment)
            begun = told.model_copy(update={"job_id": job.id, "url": job.url})
            told = await self._keep(begun, f"Hub job {job.id}: {job.url}", event="release_job_started")
        return told if told.stage is not None else await self._follow(told, told.job_id or "")

    async def _ask_for(self, revision: str) -> ReleaseJobRun | None:
        wanted = self._step.claim.space.release_job(self._phase)
        if wanted is None or not awaited(self._step, self._phase):
            return None
        told = ReleaseJobRun(revision=revision, asked_at=clock.now(), timeout_seconds=wanted.timeout_seconds)
        return await self._keep(told, f"Asking the Hub for {wanted.flavor}.")

    async def _start(self, told: ReleaseJobRun, environment: dict[str, str]) -> JobInfo:
        wanted = self._step.claim.space.release_job(self._phase)
        if wanted is None:
            raise Ended(
                self._phase.failed, f"The {self._phase} job was removed from the space.", "Deploy again without it."
            )
        secrets = await self._step.call(self._secrets, wanted)
        known = labels(self._step.deployment, self._phase, told)
        spec = wanted.asked(self._environment() | environment, known, secrets)
        return await self._step.call(self._step.hub.jobs.run, self._namespace, spec)

    def _secrets(self, wanted: ReleaseJob) -> dict[str, SecretStr]:
        instance, space = self._step.instance, self._step.claim.space
        try:
            with instance.database.unit_of_work() as session:
                return hand_over.values(session, instance.sealer, space, wanted.secrets)
        except (NotFound, Invalid) as error:
            reason = f"The {self._phase} job could not be given its secrets. {error.message}"
            raise Ended(self._phase.failed, reason, error.fix) from error

    async def _follow(self, told: ReleaseJobRun, job_id: str) -> ReleaseJobRun:
        position = log.Position(None, None, self._step.deployment.log_positions.get(self._phase))
        looks, pauses = _growing(_SAFETY_LOOKS), _growing(_PAUSES)
        scheduling = False
        while True:
            if (left := self._left(told)) <= 0:
                why = f"it took longer than {told.timeout_seconds} seconds, the wait for hardware included"
                return await self._cancel(told, job_id, why)
            whole = not scheduling and await self._read(job_id, position, limit=min(left, next(looks)))
            job = await self._step.call(self._step.hub.jobs.get, self._namespace, job_id)
            if job.status.final:
                if not whole:
                    await self._read(job_id, position, limit=_LAST_LINES_WITHIN)
                return await self._ended(told, job.status.stage, job.status.message)
            scheduling = job.status.stage == "SCHEDULING"
            await asyncio.sleep(min(next(pauses), max(0, left)))

    async def _cancel(self, told: ReleaseJobRun, job_id: str, why: str) -> ReleaseJobRun:
        job = await self._step.call(self._step.hub.jobs.cancel, self._namespace, job_id)
        if job.status.final and job.status.stage != "CANCELED":
            return await self._ended(told, job.status.stage, job.status.message)
        return await self._ended(told, "CANCELED", f"{why}, so it was canceled")

    async def _read(self, job_id: str, position: log.Position, *, limit: float) -> bool:
        """Record the job's log for `limit` seconds or until the Hub closes it; whether that was its end."""
        until = asyncio.get_running_loop().time() + limit
        lines = self._step.hub.jobs.follow_log(self._namespace, job_id)
        try:
            await stream.store(self._step, self._phase, lines, position, limit=limit)
        except HubFailure as failure:
            if not failure.transient and failure.status not in (400, 404):
                raise
            return False
        return asyncio.get_running_loop().time() < until

    async def _found(self, told: ReleaseJobRun) -> JobInfo | None:
        step = self._step
        return await step.call(find, step.hub, self._namespace, labels(step.deployment, self._phase, told))

    async def _ended(self, told: ReleaseJobRun, stage: str, message: str | None) -> ReleaseJobRun:
        ended = told.model_copy(update={"stage": stage, "message": message})
        sentence = f"Hub job {told.job_id} ended as {stage}{f': {message}' if message else '.'}"
        return await self._keep(ended, sentence, event="release_job_ended")

    async def _keep(self, told: ReleaseJobRun, sentence: str, *, event: str = "") -> ReleaseJobRun:
        def change(session: Session, deployment: Deployment) -> None:
            deployment.release_jobs = {**deployment.release_jobs, self._phase: told.model_dump(mode="json")}
            log.append(session, deployment, self._phase, [LogLine(clock.now(), sentence)])
            if event:
                facts = {"phase": self._phase, "job": told.job_id, "stage": told.stage}
                note(session, deployment, event, actor="worker", **facts)

        await self._step.write(change)
        return told

    def _left(self, told: ReleaseJobRun) -> float:
        """Seconds of the phase's own budget. The Hub's quota may hold us up, and does not shorten it."""
        budget = timedelta(seconds=told.timeout_seconds + self._step.deployment.held_seconds)
        return (told.asked_at + budget - clock.now()).total_seconds()

    def _environment(self) -> dict[str, str]:
        deployment = self._step.deployment
        return {
            "SPACEPORT_SPACE": self._step.repo_id,
            "SPACEPORT_PHASE": self._phase.value,
            "SPACEPORT_DEPLOYMENT_ID": deployment.id,
            "SPACEPORT_DEPLOYMENT_NUMBER": str(deployment.number),
        }


def _growing(seconds: tuple[float, ...]) -> "chain[float]":
    return chain(seconds, (seconds[-1] for _ in count()))

"""From an engine entry to a pipeline step, and from whatever that raises to an end or another run."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from spaceport.deployments import claim as claims
from spaceport.deployments import late, leftover, phases
from spaceport.deployments.claim import Claim, Fenced
from spaceport.deployments.pipeline import PIPELINE
from spaceport.deployments.slot import Limits
from spaceport.deployments.step import Ended, Step
from spaceport.deployments.stop import stopped
from spaceport.errors import SpaceportError, Unavailable
from spaceport.hub import Hub, HubFailure
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.jobs.engine import Handler, Later
from spaceport.jobs.model import JobKind

# Transient failures are tried again with these pauses, in seconds, unless the Hub asks for a longer one.
BACKOFF = (1, 2, 5, 10, 20, 30, 60)
MAX_BUGS = 3
_LONGEST_WAIT = 330.0
# Seconds that a deployment may wait for the Hub's quota, in all, on top of its time budgets.
_MAX_HELD = 3600.0

log = structlog.get_logger()


def handlers(instance: Instance, outside: ThreadPoolExecutor) -> Mapping[JobKind, Handler]:
    """One handler for each kind of job, from the pipeline's own table."""

    async def run(job_id: str, engine_id: int, aborted: Callable[[], bool]) -> None:
        await _run(instance, outside, job_id, engine_id, aborted)

    return dict.fromkeys(PIPELINE, run)


async def _run(
    instance: Instance, outside: ThreadPoolExecutor, job_id: str, engine_id: int, aborted: Callable[[], bool]
) -> None:
    held = await asyncio.to_thread(_claim, instance, job_id, engine_id)
    if held is None:
        log.info("job.left", job=job_id, reason="it is over, or another run of it has taken over")
        return
    with structlog.contextvars.bound_contextvars(deployment=held.deployment.id, job=job_id, kind=str(held.job.kind)):
        log.info("job.begun", space=held.space.repo_id, epoch=held.epoch)
        try:
            await _guarded(Step(instance, held, outside), aborted)
        except Fenced as fenced:
            log.warning("job.fenced", reason=str(fenced))


async def _guarded(step: Step, aborted: Callable[[], bool]) -> None:
    try:
        if step.deployment.cancel_requested_at is not None:
            await _end_canceled(step)
        else:
            step.hub = await asyncio.to_thread(_connect, step)
            await PIPELINE[step.claim.job.kind](step)
    except Ended as ended:
        await _end(step, ended)
    except asyncio.CancelledError:
        if not aborted():
            # The process is stopping: whoever is next goes on from here.
            await asyncio.to_thread(_put_back, step, None)
            raise
        await _end_canceled(step)
    except (Fenced, Later):
        raise
    except SpaceportError as error:
        await _failed(step, error)
    except Exception as error:
        log.exception("job.bug")
        if await asyncio.to_thread(_put_back, step, f"{type(error).__name__}: {error}") <= MAX_BUGS:
            raise Later(BACKOFF[0]) from error
        await _end(
            step,
            Ended(
                "internal_error",
                f"Spaceport itself failed in the {step.claim.job.kind} job: {type(error).__name__}.",
                "Nothing is wrong with your source. Report it with the log of the Spaceport process.",
            ),
        )


async def _failed(step: Step, error: SpaceportError) -> None:
    """Again after a pause where that can help, else the deployment ends with the error's own words."""
    transient = isinstance(error, Unavailable) or (isinstance(error, HubFailure) and error.transient)
    if not transient:
        await _end(step, Ended(error.code, error.message, error.fix))
        return
    failures = await asyncio.to_thread(_put_back, step, error.message)
    pause = max(BACKOFF[min(failures, len(BACKOFF)) - 1], min(error.retry_after or 0, _LONGEST_WAIT))
    if error.code == "hub_rate_limited" and step.deployment.held_seconds + pause <= _MAX_HELD:
        await step.hold(pause, error.message)
    elif (spent := step.spent_after(pause)) is not None:
        reason = f"The {step.claim.job.kind} step was still failing after {spent:g} seconds: {error.message}"
        await _end(step, Ended("timed_out", reason, error.fix))
        return
    log.warning("job.again", reason=error.message, seconds=pause)
    raise Later(pause) from error


async def _end_canceled(step: Step) -> None:
    # Who asked, and for whom, was written by others since our last write: one of nothing brings it here.
    await step.write(lambda _session, _deployment: None)
    said = step.left
    ending = stopped(step.deployment, said)
    await _end(step, Ended(ending.code, ending.reason, status=ending.status))
    if step.under_way or step.left != said:
        step.afterwards(late.settle, step, said)


async def _end(step: Step, ended: Ended) -> None:
    await step.end(ended)
    if phases.under_way(step.deployment):
        step.afterwards(leftover.settle, step.instance, step.deployment.id)


def _claim(instance: Instance, job_id: str, engine_id: int) -> Claim | None:
    with instance.database.unit_of_work() as session:
        return claims.claim(session, Limits.of(instance.settings), job_id, engine_id)


def _connect(step: Step) -> Hub:
    with step.instance.database.unit_of_work() as session:
        return hub_accounts.connect(session, step.instance, step.claim.space.hub_account_id)


def _put_back(step: Step, failed: str | None) -> int:
    with step.instance.database.unit_of_work() as session:
        return claims.put_back(session, step.claim, failed=failed)

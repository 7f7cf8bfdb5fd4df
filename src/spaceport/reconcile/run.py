"""The reconciler's loops. Any number of replicas run them: what is due is claimed in the database."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from spaceport.deployments import fetch, gates, leftover, retention
from spaceport.deployments.slot import Limits
from spaceport.instance import Instance
from spaceport.reconcile import configuration, stuck, sweep, triggers
from spaceport.sources import git_cache, scratch
from spaceport.uploads import commands as uploads
from spaceport.webhooks import deliveries
from spaceport.webhooks.deciding import decide_next

LOOK_EVERY = 5.0
UNSTICK_EVERY = 60.0
# Somebody has pushed and waits.
DECIDE_EVERY = 1.0
PRUNE_EVERY = 3600.0
FORGET_EVERY = 600.0
# A host that does not answer holds up a thread for minutes; the others go on.
_SWEEPING = 2
_ASKING = 4
_DECIDING = 2

log = structlog.get_logger()


async def run(instance: Instance) -> None:
    """Until cancelled. Outages of the database, the Hub or a Git host are logged and waited out."""
    stopping = threading.Event()
    # Threads of its own: background work must not take those of deployments.
    threads = ThreadPoolExecutor(_SWEEPING + _ASKING + 2, thread_name_prefix="reconcile")
    deciding = ThreadPoolExecutor(_DECIDING, thread_name_prefix="deciding")
    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_SWEEPING):
                tasks.create_task(_repeat(threads, LOOK_EVERY, lambda: sweep.sweep_next(instance)))
            for _ in range(_ASKING):
                tasks.create_task(_repeat(threads, LOOK_EVERY, lambda: triggers.check_next(instance, stopping.is_set)))
            tasks.create_task(_repeat(threads, UNSTICK_EVERY, lambda: _unstick(instance)))
            tasks.create_task(_repeat(threads, UNSTICK_EVERY, lambda: configuration.go_on(instance)))
            tasks.create_task(_repeat(threads, LOOK_EVERY, lambda: _tidy(instance)))
            tasks.create_task(_repeat(threads, LOOK_EVERY, lambda: _thaw(instance)))
            tasks.create_task(_repeat(threads, PRUNE_EVERY, lambda: _prune(instance)))
            for _ in range(_DECIDING):
                tasks.create_task(_repeat(deciding, DECIDE_EVERY, lambda: decide_next(instance, stopping.is_set)))
            tasks.create_task(_repeat(threads, FORGET_EVERY, lambda: _forget_folders(instance)))
    finally:
        stopping.set()
        for pool in (threads, deciding):
            pool.shutdown(wait=False, cancel_futures=True)


async def _repeat(threads: ThreadPoolExecutor, every: float, once: Callable[[], bool]) -> None:
    """Again at once while there is more to do, else after a pause in seconds."""
    while True:
        more = False
        try:
            more = await asyncio.get_running_loop().run_in_executor(threads, once)
        except Exception as error:  # noqa: BLE001 - an outage ends; the next look must come
            log.warning("reconcile.failed", reason=f"{type(error).__name__}: {error}")
        if not more:
            await asyncio.sleep(every)


def _tidy(instance: Instance) -> bool:
    """Jobs on the Hub whose deployment has ended: their own worker may have died before it canceled them."""
    with instance.database.unit_of_work() as session:
        found = leftover.found(session)
    for deployment_id in found:
        leftover.settle(instance, deployment_id)
    return False


def _unstick(instance: Instance) -> bool:
    with instance.database.unit_of_work() as session:
        found = stuck.found(session)
    for deployment_id, space_id in found:
        with instance.database.unit_of_work() as session:
            if stuck.unstick(session, Limits.of(instance.settings), deployment_id, space_id):
                log.warning("deployment.unstuck", deployment=deployment_id)
    return False


def _thaw(instance: Instance) -> bool:
    with instance.database.unit_of_work() as session:
        waiting = gates.frozen(session)
    for deployment_id in waiting:
        with instance.database.unit_of_work() as session:
            if gates.thaw(session, Limits.of(instance.settings), deployment_id):
                log.info("deployment.thawed", deployment=deployment_id)
    return False


def _prune(instance: Instance) -> bool:
    kept = instance.settings
    with instance.database.unit_of_work() as session:
        more = [deliveries.prune(session), uploads.prune(session)]
    with instance.database.unit_of_work() as session:
        more.append(retention.prune_logs(session, days=kept.log_retention_days))
    with instance.database.unit_of_work() as session:
        more.append(retention.prune_events(session, days=kept.event_retention_days))
    return any(more)


def _forget_folders(instance: Instance) -> bool:
    git_cache.prune(fetch.cached(instance))
    scratch.prune(fetch.work(instance))
    return False

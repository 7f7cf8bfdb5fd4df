"""Running the queue in this process: Procrastinate's worker with what it leaves to its users.

Rescue of jobs whose worker died, a restart loop around the worker, and a status for the health endpoint.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import procrastinate
import structlog
from procrastinate.job_context import AbortReason
from sqlmodel import Session

from spaceport.db.database import Database
from spaceport.jobs import queue
from spaceport.jobs.entries import Entries
from spaceport.jobs.model import JobKind

HEARTBEAT = 2.0
SILENCE = 8.0
SWEEP_EVERY = 3.0
_POLL = 1.0

log = structlog.get_logger()


class Later(Exception):
    """Run the same job again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


# A handler gets the job's id, its engine entry, and a question: was the job aborted by a person?
Handler = Callable[[str, int, Callable[[], bool]], Awaitable[None]]


class _RunAgain(procrastinate.BaseRetryStrategy):
    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        del job
        if isinstance(exception, Later):
            return procrastinate.RetryDecision(retry_in={"seconds": max(0, round(exception.seconds))})
        if isinstance(exception, asyncio.CancelledError | procrastinate.exceptions.JobAborted):
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        return None


class Engine:
    """`run` until cancelled.

    `sweep` is called every few seconds, for what a lost hint may have left lying. `listen` is False where the
    address goes through a transaction pooler.
    """

    def __init__(
        self,
        conninfo: str,
        database: Database,
        handlers: Mapping[JobKind, Handler],
        *,
        sweep: Callable[[Session], None],
        listen: bool = True,
    ) -> None:
        # The pool's own wait must outlast a restart of the database, or the worker ends with it.
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo, kwargs={"prepare_threshold": None}, min_size=1, max_size=6, timeout=20
        )
        self._app = procrastinate.App(connector=connector)
        self._app.job_manager = Entries(connector)
        self._database = database
        self._sweep = sweep
        self._listen = listen
        self._running: set[str] = set()
        for kind, handler in handlers.items():
            self._register(kind, handler)

    @property
    def healthy(self) -> bool:
        """Whether both queues are being worked on right now."""
        return self._running == {queue.PUSH_QUEUE, queue.WATCH_QUEUE}

    async def run(self, *, push_concurrency: int, watch_concurrency: int) -> None:
        """Work on both queues and rescue, restarting whatever ends, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._supervise(push_concurrency, watch_concurrency))
            tasks.create_task(self._sweeping())

    def _register(self, kind: JobKind, handler: Handler) -> None:
        async def run(context: procrastinate.JobContext, job_id: str) -> None:
            assert context.job.id is not None
            aborted = lambda: context.abort_reason() == AbortReason.USER_REQUEST  # noqa: E731
            await handler(job_id, context.job.id, aborted)

        self._app.task(name=str(kind), pass_context=True, retry=_RunAgain())(run)

    async def _supervise(self, push_concurrency: int, watch_concurrency: int) -> None:
        while True:
            try:
                async with self._app.open_async(), asyncio.TaskGroup() as workers:
                    workers.create_task(self._work(queue.PUSH_QUEUE, push_concurrency))
                    workers.create_task(self._work(queue.WATCH_QUEUE, watch_concurrency))
            except* Exception as group:  # noqa: BLE001 - whatever ended a worker, it is started again
                log.warning("worker.restarting", reasons=[f"{type(e).__name__}: {e}" for e in group.exceptions])
            await asyncio.sleep(_POLL)

    async def _work(self, name: str, concurrency: int) -> None:
        self._running.add(name)
        try:
            await self._app.run_worker_async(
                queues=[name],
                name=name,
                concurrency=concurrency,
                listen_notify=self._listen,
                fetch_job_polling_interval=_POLL,
                abort_job_polling_interval=_POLL,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=SILENCE,
                shutdown_graceful_timeout=0,
                install_signal_handlers=False,
                delete_jobs="successful",
            )
            raise RuntimeError(f"the {name} worker stopped by itself")
        finally:
            self._running.discard(name)

    async def _sweeping(self) -> None:
        while True:
            try:
                if rescued := await asyncio.to_thread(self._sweep_once):
                    log.warning("jobs.rescued", jobs=rescued)
            except Exception as error:  # noqa: BLE001 - an outage ends; the next sweep must come
                log.warning("sweep.failed", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(SWEEP_EVERY)

    def _sweep_once(self) -> list[str]:
        with self._database.unit_of_work() as session:
            self._sweep(session)
            return queue.rescue(session, silence=SILENCE)

"""All jobs of one localhub: begun, followed to their end, canceled."""

import asyncio
import logging
import shutil
from pathlib import Path

from localhub import clock
from localhub.jobs.model import DEFAULT_TIMEOUT, Job, Spec
from localhub.jobs.workplace import Site, Unrunnable, prepare
from localhub.runner.builds import Launch
from localhub.runner.log import Log
from localhub.runner.process import Process
from localhub.runner.workshop import Workshop

AT_ONCE = 8
LOST = "localhub ended while the job was under way"
logger = logging.getLogger(__name__)


class Jobs:
    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._places = asyncio.Semaphore(AT_ONCE)
        self._jobs = {facts["id"]: Job(**facts) for facts in workshop.store.jobs("job")}
        self._logs: dict[str, Log] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._processes: dict[str, Process] = {}

    def open(self) -> None:
        """No job outlives localhub: what was under way when it last ended, however it ended, has failed."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for job in self._jobs.values():
            if not job.final:
                self._end(job, "ERROR", LOST)

    async def close(self) -> None:
        for job_id in list(self._tasks):
            self._stop(self._jobs[job_id], "ERROR", LOST)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def begin(self, owner: str, spec: Spec, creator: str, initiator: dict[str, str]) -> Job:
        job = Job(owner=owner, spec=spec, creator=creator, initiator=initiator)
        self._jobs[job.id] = job
        self.save(job)
        # Begun at once: whoever follows the log of a job that waits for its turn must not find none.
        log = self._logs[job.id] = Log(self._log_path(job.id))
        log.begin()
        task = self._tasks[job.id] = asyncio.create_task(self._work(job, log))
        task.add_done_callback(lambda _task: self._tidy(job, log))
        return job

    def find(self, owner: str, job_id: str) -> Job | None:
        job = self._jobs.get(job_id)
        return job if job and job.owner == owner else None

    def any(self, job_id: str) -> Job | None:
        """Of whatever owner."""
        return self._jobs.get(job_id)

    def of(self, owner: str) -> list[Job]:
        """Newest first."""
        return [job for job in reversed(self._jobs.values()) if job.owner == owner]

    def log(self, job: Job) -> Log:
        return self._logs.get(job.id) or Log(self._log_path(job.id))

    def process(self, job: Job) -> Process | None:
        return self._processes.get(job.id)

    def save(self, job: Job) -> None:
        self._workshop.store.save_job("job", job.to_dict())

    def cancel(self, job: Job) -> None:
        """The stage changes at once; the command gets its grace period. One that has ended stays as it is."""
        self._stop(job, "CANCELED", None)

    def _stop(self, job: Job, stage: str, message: str | None) -> None:
        if not job.final:
            self._end(job, stage, message)
            self._tasks[job.id].cancel()

    def _end(self, job: Job, stage: str, message: str | None) -> None:
        job.stage, job.message, job.finished_at = stage, message, clock.now()
        self.save(job)

    async def _work(self, job: Job, log: Log) -> None:
        site = Site(job, self._folder / job.id, log)
        try:
            async with self._places:
                launch = await prepare(site, self._workshop)
                await self._attempts(job, launch, log)
        except Unrunnable as error:
            log.write(f"--> ERROR: {error}")
            self._end(job, "ERROR", f"Job failed to start. Reason: {error}")
        except Exception as error:
            logger.exception("job %s", job.id)
            self._end(job, "ERROR", f"localhub failed: {error!r}")
        finally:
            await asyncio.to_thread(shutil.rmtree, site.folder, ignore_errors=True)

    def _tidy(self, job: Job, log: Log) -> None:
        # Also when it was canceled before it had begun. After the stage has changed: who reads to the end finds it.
        del self._tasks[job.id]
        del self._logs[job.id]
        log.close()

    async def _attempts(self, job: Job, launch: Launch, log: Log) -> None:
        for left in reversed(range(job.spec.get("attempts", 1))):
            log.write(f"===== Job started at {clock.heading()} =====")
            failure = await self._run(job, launch, log)
            if failure is None:
                self._end(job, "COMPLETED", None)
                return
            job.failures += 1
            if not left:
                self._end(job, "ERROR", failure)

    async def _run(self, job: Job, launch: Launch, log: Log) -> str | None:
        """Why the command failed; None when it did not."""
        limit = job.spec.get("timeoutSeconds") or DEFAULT_TIMEOUT
        process = await Process.start(
            launch.command, folder=launch.folder, env=launch.env, on_line=log.write, uid=launch.uid
        )
        self._processes[job.id] = process
        # Not before: whoever finds it running may ask at once what it uses.
        job.stage, job.started_at = "RUNNING", clock.now()
        self.save(job)
        try:
            code = await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            return f"Job timeout: it took more than {limit} seconds"
        finally:
            del self._processes[job.id]
            await process.stop()
        return f"Job failed with exit code: {code}. Reason: Error" if code else None

    @property
    def _folder(self) -> Path:
        return self._workshop.config.data / "jobs"

    def _log_path(self, job_id: str) -> Path:
        return self._workshop.config.data / "logs" / "jobs" / f"{job_id}.jsonl"

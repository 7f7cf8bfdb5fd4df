"""Jobs that begin by a timetable. Sleeps until the next one is due; without any it does nothing at all."""

import asyncio
from datetime import UTC, datetime

from croniter import CroniterError, croniter

from localhub import clock
from localhub.jobs.jobs import Jobs
from localhub.jobs.model import Job, Schedule
from localhub.spaces.store import Store


class BadTimetable(Exception):
    """The expression is none, or names no day that ever comes."""


class StillRunning(Exception):
    """The run before has not ended, and the schedule allows one at a time."""


def following(timetable: str) -> str:
    """When it is next due after now, in UTC. Raises BadTimetable."""
    try:
        moment: datetime = croniter(timetable, datetime.now(UTC)).get_next(datetime)
    except CroniterError as error:
        raise BadTimetable(str(error)) from error
    return clock.iso(moment)


class Schedules:
    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        self._schedules = {facts["id"]: Schedule(**facts) for facts in store.jobs("schedule")}
        self._changed = asyncio.Event()
        self._clock: asyncio.Task[None] | None = None

    def open(self) -> None:
        """What was due while localhub was not running is not made up for."""
        for schedule in self._schedules.values():
            schedule.next_at = following(schedule.schedule)
        self._clock = asyncio.create_task(self._keep_time())

    def close(self) -> None:
        if self._clock:
            self._clock.cancel()

    def find(self, owner: str, schedule_id: str) -> Schedule | None:
        schedule = self._schedules.get(schedule_id)
        return schedule if schedule and schedule.owner == owner else None

    def of(self, owner: str) -> list[Schedule]:
        """Newest first."""
        return [schedule for schedule in reversed(self._schedules.values()) if schedule.owner == owner]

    def save(self, schedule: Schedule) -> None:
        self._schedules[schedule.id] = schedule
        self._store.save_job("schedule", schedule.to_dict())
        self._changed.set()

    def remove(self, schedule: Schedule) -> None:
        del self._schedules[schedule.id]
        self._store.remove_job("schedule", schedule.id)
        self._changed.set()

    def run(self, schedule: Schedule) -> Job:
        """Raises StillRunning."""
        last = self._jobs.find(schedule.owner, schedule.last_job)
        if last and not last.final and not schedule.concurrency:
            raise StillRunning
        initiator = {"type": "scheduled-job", "id": schedule.id}
        job = self._jobs.begin(schedule.owner, schedule.spec, schedule.creator, initiator)
        schedule.last_job, schedule.last_at = job.id, job.created_at
        self.save(schedule)
        return job

    async def _keep_time(self) -> None:
        while True:
            self._changed.clear()
            waiting = [schedule for schedule in self._schedules.values() if not schedule.suspend]
            upcoming = min((schedule.next_at for schedule in waiting), default=None)
            try:
                await asyncio.wait_for(self._changed.wait(), _until(upcoming) if upcoming else None)
            except TimeoutError:
                self._run_due([schedule for schedule in waiting if schedule.next_at == upcoming])

    def _run_due(self, schedules: list[Schedule]) -> None:
        for schedule in schedules:
            schedule.next_at = following(schedule.schedule)
            try:
                self.run(schedule)
            except StillRunning:
                self.save(schedule)


def _until(moment: str) -> float:
    return max(0, (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds())

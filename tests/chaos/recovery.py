"""How long work lies still after its worker died: measured from outside, by looking at the database."""

import time

from sqlalchemy import text

from spaceport.db.database import Database
from spaceport.errors import Unavailable

# A running job whose worker is no longer heard, and the moment it was last heard.
_SILENT = text("""
    SELECT job.id, extract(epoch FROM now() - coalesce(worker.last_heartbeat, now())) AS silence
    FROM job JOIN procrastinate_jobs engine ON engine.id = job.engine_id
    LEFT JOIN procrastinate_workers worker ON worker.id = engine.worker_id
    WHERE job.stage = 'RUNNING' AND engine.status = 'doing'
""")
_OPEN = text("SELECT count(*) FROM deployment WHERE finished_at IS NULL")
# Heartbeats come every two seconds: a longer silence is a dead or frozen worker.
_HEARD = 4.5


class Recovery:
    def __init__(self, url: str) -> None:
        self._database = Database(url, pool_size=1)
        self._silent_since: dict[str, float] = {}
        self.seconds: list[float] = []

    def close(self) -> None:
        self._database.close()

    def look(self) -> int:
        """Note who fell silent and who was taken over; the number of deployments that are not over."""
        try:
            with self._database.unit_of_work() as session:
                silent = {row.id: float(row.silence) for row in session.execute(_SILENT) if row.silence > _HEARD}
                unfinished = int(session.execute(_OPEN).scalar_one())
        except Unavailable:
            return 1
        now = time.monotonic()
        for job in [job for job in self._silent_since if job not in silent]:
            self.seconds.append(now - self._silent_since.pop(job))
        for job, silence in silent.items():
            self._silent_since.setdefault(job, now - silence)
        return unfinished

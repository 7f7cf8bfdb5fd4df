"""Telling the engine how a run ended, although its database may be away, or the entry somebody else's by now."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import psycopg_pool
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

# Seconds. After a longer outage the worker's heartbeat has failed as well, and its jobs are rescued.
_OUTAGE = 120.0

log = structlog.get_logger()


class Entries(JobManager):
    """An entry that stayed `doing` under a living worker would never run again, and no rescue would see it."""

    async def finish_job(self, *args: Any, **kwargs: Any) -> None:
        await _told(lambda: super(Entries, self).finish_job(*args, **kwargs))

    async def retry_job(self, *args: Any, **kwargs: Any) -> None:
        await _told(lambda: super(Entries, self).retry_job(*args, **kwargs))


async def _told(tell: Callable[[], Awaitable[None]]) -> None:
    deadline = asyncio.get_running_loop().time() + _OUTAGE
    while True:
        try:
            return await tell()
        except ConnectorException as error:
            cause = error.__cause__
            if isinstance(cause, psycopg.errors.RaiseException):
                log.info("entry.over", reason="the job was given another one while this run went on")
                return None
            if isinstance(cause, psycopg_pool.PoolClosed) or asyncio.get_running_loop().time() > deadline:
                log.warning("entry.left", reason=f"the database is away ({type(cause).__name__}); a rescue will come")
                return None
        await asyncio.sleep(1)

"""What a running job uses, measured on the processes themselves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import psutil

from localhub import hardware
from localhub.jobs.model import Job
from localhub.runner.process import Process

EVERY = 1.0


async def samples(job: Job, process: Process) -> AsyncIterator[dict[str, Any]]:
    """One a second until the job ends. The network is not measured: it cannot be told apart by process."""
    flavor = hardware.JOB_FLAVORS[job.spec["flavor"]]
    spent, _memory = _usage(process)
    while not job.final:
        await asyncio.sleep(EVERY)
        before, (spent, memory) = spent, _usage(process)
        yield {
            "cpu_usage_pct": round(100 * max(0.0, spent - before) / EVERY / flavor.cpus),
            "cpu_millicores": flavor.cpus * 1000,
            "memory_used_bytes": memory,
            "memory_total_bytes": flavor.ram * 1024**3,
            "rx_bps": 0,
            "tx_bps": 0,
            "gpus": {},
            "replica": job.id[-5:],
        }


def _usage(process: Process) -> tuple[float, int]:
    """Seconds of CPU so far and bytes of memory now, of the command and its children but not of its keeper."""
    seconds, memory = 0.0, 0
    with contextlib.suppress(psutil.Error):
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                seconds += times.user + times.system
                memory += one.memory_info().rss
    return seconds, memory

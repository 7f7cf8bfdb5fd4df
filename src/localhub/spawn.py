"""Starting a process in a task that may be cancelled meanwhile."""

import asyncio
from typing import Any


async def spawn(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """`asyncio.create_subprocess_exec`, which itself may wait for ever once it is cancelled (CPython issue 103847).

    A task that is cancelled meanwhile gets its process all the same, and is cancelled where it waits next: there it
    ends the process as it would at any other time.
    """
    starting = asyncio.create_task(asyncio.create_subprocess_exec(*command, **options))
    cancelled = 0
    while not starting.done():
        try:
            await asyncio.wait([starting])
        except asyncio.CancelledError:
            cancelled += 1
    child = starting.result()
    if cancelled and (task := asyncio.current_task()):
        # Given again as often as it is taken back: a time-out counts them.
        for _ in range(cancelled):
            task.uncancel()
        for _ in range(cancelled):
            task.cancel()
    return child

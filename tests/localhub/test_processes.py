"""Processes are ended whenever their task is cancelled, also while they are being started."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from localhub.git import serve, write
from localhub.git.write import Change, File
from localhub.runner import process

STEPS = 12
"""Of the event loop, more than starting a process takes."""


async def cancelled_after(steps: int, work) -> None:
    task = asyncio.create_task(work)
    for _ in range(steps):
        await asyncio.sleep(0)
    keep_the_loop_busy()
    task.cancel()
    async with asyncio.timeout(20):
        with suppress(asyncio.CancelledError):
            await task


def keep_the_loop_busy() -> None:
    """Meanwhile the command begins, and asyncio does not know its pipes yet."""
    time.sleep(0.3)


@pytest.mark.parametrize("steps", range(STEPS))
async def test_a_command_that_is_cancelled_while_it_starts_ends(tmp_path, steps):
    command = ["python3", "-c", "import time; time.sleep(60)"]
    env = {"PATH": os.environ["PATH"]}
    lines: list[str] = []
    await cancelled_after(steps, process.run(command, folder=tmp_path, env=env, on_line=lines.append))
    assert [one for one in psutil.Process().children(recursive=True) if works_in(one, tmp_path)] == []


def works_in(one: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error):
        return one.cwd() == str(folder)
    return False


async def test_a_time_out_is_one_also_while_a_command_starts(tmp_path):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await process.run(["true"], folder=tmp_path, env={}, on_line=print)


async def test_a_clone_whose_client_leaves_in_the_middle_ends(tmp_path):
    repository = tmp_path / "demo.git"
    write.create(repository)
    tip = write.commit(repository, "refs/heads/main", "", Change("x", files=[File("big", os.urandom(5_000_000))]))
    wanted = f"want {tip} no-progress\n"
    asked = tmp_path / "asked"
    asked.write_text(f"{len(wanted) + 4:04x}{wanted}00000009done\n")
    with asked.open("rb") as request:
        parts = serve.exchange(repository, "git-upload-pack", request, "")
        await anext(parts)
        # What git has written by now is more than anybody reads.
        await asyncio.sleep(0.2)
        async with asyncio.timeout(20):
            await parts.aclose()

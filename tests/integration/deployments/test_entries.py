"""What the engine is told of a run's end, by a worker whose entry or connection is gone."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import procrastinate
import pytest
from procrastinate.jobs import Status as EntryStatus
from tests.integration.deployments.conftest import Bench

from spaceport.db import url
from spaceport.jobs.entries import Entries


@pytest.fixture
async def entries(database_url: str) -> AsyncIterator[Entries]:
    connector = procrastinate.PsycopgConnector(conninfo=url.conninfo(database_url), min_size=1, max_size=1)
    async with procrastinate.App(connector=connector).open_async():
        yield Entries(connector)


def entry(bench: Bench) -> Any:
    return SimpleNamespace(id=bench.job(bench.request()).engine_id)


async def test_an_entry_that_was_ended_by_a_rescue_is_no_error(bench: Bench, entries: Entries) -> None:
    job = entry(bench)
    bench.sql("UPDATE procrastinate_jobs SET status = 'failed'")
    await entries.finish_job(job=job, status=EntryStatus.SUCCEEDED, delete_job=False)
    assert bench.engine(job.id)["status"] == "failed"


async def test_a_connection_that_was_cut_delays_what_is_told_and_no_more(bench: Bench, entries: Entries) -> None:
    job = entry(bench)
    bench.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await entries.finish_job(job=job, status=EntryStatus.SUCCEEDED, delete_job=False)
    assert bench.engine(job.id)["status"] == "succeeded"

"""Putting one running Spaceport together: the only place, with `cli`, that wires doors to each other."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import anyio.to_thread
import structlog
from fastapi import FastAPI

from spaceport import instance as instances
from spaceport import rotation
from spaceport.api.application import create_api
from spaceport.api.health import HubReachability
from spaceport.dashboard.application import Pages, create_dashboard
from spaceport.db import migrate, url
from spaceport.db.database import Database
from spaceport.db.embedded import Embedded
from spaceport.deployments import slot
from spaceport.deployments.frames import DeploymentReader
from spaceport.deployments.slot import Limits
from spaceport.errors import SpaceportError, Unavailable
from spaceport.events.activity import ActivityReader
from spaceport.events.feed import Feed, Reader
from spaceport.hub.transport import install_client
from spaceport.instance import Instance
from spaceport.jobs.engine import Engine
from spaceport.reconcile import run as reconcile
from spaceport.settings import Settings
from spaceport.worker.handlers import handlers

# Waiting for the Hub or Git is most of what these threads do; the engine's own limits decide how many run.
_OUTSIDE_THREADS = 24
_WORKER_CONNECTIONS = 4
_LOOK_EVERY = 1.0
_START_PATIENCE = 120.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Store:
    """Where the database is: `direct_url` can LISTEN, and is None behind a transaction pooler without one."""

    url: str
    direct_url: str | None
    embedded: Embedded | None = None

    async def keep_up(self) -> None:
        """Start the embedded server again whenever it has died, until cancelled.

        Started on the event loop's own thread, the main one: the server ends with the thread that started it.
        """
        while self.embedded is not None:
            if not await asyncio.to_thread(lambda: self.embedded is None or self.embedded.running):
                try:
                    self.embedded.start()
                    log.warning("database.started_again")
                except SpaceportError as error:
                    log.error("database.down", reason=error.message)  # noqa: TRY400 - one sentence says it
            await asyncio.sleep(_LOOK_EVERY)


@contextlib.contextmanager
def store(settings: Settings) -> Iterator[Store]:
    """The configured database, or an embedded one for as long as the block lasts; its schema is up to date.

    Call it from the main thread: the embedded server ends with the thread that started it.
    """
    if settings.database_url is None:
        embedded = Embedded(settings.data_dir)
        embedded.start()
        try:
            yield _migrated(Store(embedded.url, embedded.url, embedded))
        finally:
            embedded.stop()
        return
    pooled = settings.database_url.get_secret_value()
    direct = settings.database_direct_url.get_secret_value() if settings.database_direct_url else None
    yield _migrated(Store(pooled, direct if settings.database_pooled else pooled))


def _migrated(found: Store) -> Store:
    """Waits for a database that is not there yet: after an outage, everything comes back in any order."""
    database = Database(found.direct_url or found.url, pool_size=1)
    deadline = time.monotonic() + _START_PATIENCE
    try:
        while True:
            try:
                migrate.upgrade(database)
            except Unavailable as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("database.waiting", reason=error.message)
                time.sleep(1)
            else:
                return found
    finally:
        database.close()


def create_app(settings: Settings, found: Store, *, with_worker: bool = True) -> FastAPI:
    """The API and the dashboard, and in the same process the worker, on a database that `store` gave."""
    instance = _assembled(settings, Database(found.url, settings.database_pool_size))
    app = create_api(instance)
    feed = app.state.feed = Feed(readers(instance.database), _conninfo(found))
    app.router.routes.append(Pages("/", create_dashboard(instance, feed, app.state.relay)))
    app.state.hub_reachability = HubReachability(settings.hf_endpoint)
    app.state.engine = None
    app.router.lifespan_context = lambda app: _running(app, found, with_worker=with_worker)
    return app


def _assembled(settings: Settings, database: Database) -> Instance:
    """Raises Invalid for keys that are guessable, Unavailable `sealing_key_unknown` for those of another instance."""
    try:
        instance = instances.assemble(settings, database)
        rotation.check(instance.sealer, database)
    except SpaceportError:
        database.close()
        raise
    return instance


def readers(database: Database) -> dict[str, Reader]:
    """Of every kind of stream, by the prefix of its topic's id."""
    happening = ActivityReader(database)
    return {"dep": DeploymentReader(database), "team": happening, "space": happening}


def _conninfo(found: Store) -> str | None:
    return url.conninfo(found.direct_url) if found.direct_url else None


async def work(settings: Settings, found: Store) -> None:
    """Work on the queue without an API, until SIGTERM or SIGINT; running jobs go back to the queue."""
    instance = _assembled(settings, Database(found.url, _WORKER_CONNECTIONS))
    install_client()
    with _engine(instance, found) as engine:
        running = asyncio.create_task(_run(engine, instance))
        reviving = asyncio.create_task(found.keep_up())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running
        reviving.cancel()
    await instance.prober.aclose()
    instance.database.close()


@contextlib.asynccontextmanager
async def _running(app: FastAPI, found: Store, *, with_worker: bool) -> AsyncIterator[None]:
    instance: Instance = app.state.instance
    install_client()
    # As many request threads as connections: more would only wait for one another.
    anyio.to_thread.current_default_thread_limiter().total_tokens = instance.settings.database_pool_size
    tasks = [asyncio.create_task(app.state.feed.run()), asyncio.create_task(found.keep_up())]
    with contextlib.ExitStack() as stack:
        if with_worker:
            # The worker has connections of its own, so that busy viewers cannot starve deployments.
            database = Database(found.url, _WORKER_CONNECTIONS)
            stack.callback(database.close)
            working = replace(instance, database=database)
            app.state.engine = stack.enter_context(_engine(working, found))
            tasks.append(asyncio.create_task(_run(app.state.engine, working)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await instance.prober.aclose()
    instance.database.close()


@contextlib.contextmanager
def _engine(instance: Instance, found: Store) -> Iterator[Engine]:
    limits = Limits.of(instance.settings)
    outside = ThreadPoolExecutor(_OUTSIDE_THREADS, thread_name_prefix="outside")
    try:
        yield Engine(
            url.conninfo(found.direct_url or found.url),
            instance.database,
            handlers(instance, outside),
            sweep=lambda session: slot.hand_on(session, limits),
            listen=found.direct_url is not None,
        )
    finally:
        outside.shutdown(wait=False, cancel_futures=True)


async def _run(engine: Engine, instance: Instance) -> None:
    settings = instance.settings
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            engine.run(push_concurrency=settings.push_concurrency, watch_concurrency=settings.watch_concurrency)
        )
        tasks.create_task(reconcile.run(instance))

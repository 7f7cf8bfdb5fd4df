"""The command line: `spaceport serve` runs it all, `spaceport demo` shows it."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn
from pydantic import ValidationError

from spaceport import __version__, example, log, rotation
from spaceport.db.database import Database
from spaceport.demo import show
from spaceport.errors import Conflict, SpaceportError
from spaceport.main import Store, create_app, store, work
from spaceport.settings import Settings


@click.group()
@click.version_option(__version__, prog_name="spaceport")
def main() -> None:
    """Deploy to Hugging Face Spaces, and know whether it is live."""


@main.command()
@click.option("--no-worker", is_flag=True, help="Serve the API only; a worker runs elsewhere.")
def serve(*, no_worker: bool) -> None:
    """Serve the API, and work on the queue in the same process."""
    with _explained():
        settings = Settings()
        log.configure(settings)
        with store(settings) as found:
            app = create_app(settings, found, with_worker=not no_worker)
            # Whatever is here by now stays. Collections that walk all of it hold up one request in ten for 200 ms.
            gc.collect()
            gc.freeze()
            uvicorn.run(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=5,
            )


@main.command()
def worker() -> None:
    """Work on the queue without serving the API; any number may run against one DATABASE_URL."""
    with _explained():
        settings = Settings()
        log.configure(settings)
        with store(settings) as found:
            asyncio.run(work(settings, found))


@main.command("rotate-key")
def rotate_key() -> None:
    """Seal all stored tokens and secrets with the newest SEALING_KEY, or with a new generated key."""
    with _explained():
        settings = Settings()
        log.configure(settings)
        with store(settings) as found:
            _require_alone(found)
            database = Database(found.url, pool_size=1)
            try:
                count = rotation.rotate(settings, database)
            finally:
                database.close()
        click.echo(f"spaceport: {count} stored values were sealed anew. Older keys are not needed for them any more.")


@main.command()
@click.option("--app", type=click.Path(exists=True, file_okay=False, path_type=Path), default=example.FOLDER)
@click.option("--data", type=click.Path(path_type=Path), default=Path(".data/demo"), show_default=True)
@click.option("--port", envvar="PORT", default=7860, show_default=True, help="Port of the API.")
@click.option("--once", is_flag=True, help="Stop when the app has answered.")
def demo(*, app: Path, data: Path, port: int, once: bool) -> None:
    """Deploy an app to a local Hub, with no account and no network service."""
    with _explained():
        show.run(app=app, data_dir=data, port=port, once=once)


def _require_alone(found: Store) -> None:
    """A running process keeps the keys that it has read. With DATABASE_URL nobody can tell whether there is one."""
    if found.embedded is not None and not found.embedded.ours:
        raise Conflict(
            "Spaceport is running on this DATA_DIR, and would not know the new key.",
            code="instance_running",
            fix="Stop it, rotate the key, and start it again.",
        )


@contextmanager
def _explained() -> Iterator[None]:
    """A refusal to start is one sentence and what to do, not a traceback."""
    try:
        yield
    except SpaceportError as error:
        click.echo(f"spaceport: {error.message} {error.fix}".strip(), err=True)
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            click.echo(f"spaceport: {'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}", err=True)
        sys.exit(1)

"""Random kills, freezes and outages over many deployments, what is staged besides, and one table of it all."""

import secrets
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click
from tests.chaos import matrix, trials
from tests.chaos.client import Client
from tests.chaos.run import Storm, blow
from tests.chaos.world import world

from spaceport import log
from spaceport.db import migrate
from spaceport.db.database import Database
from spaceport.db.embedded import Embedded
from spaceport.settings import Settings

Rows = list[tuple[str, object]]


@click.command()
@click.option("--deployments", default=500)
@click.option("--strikes", default=1000, help="Kills and freezes of workers and API replicas.")
@click.option("--spaces", default=20)
@click.option("--workers", default=3)
@click.option("--hub-faults", default=200)
@click.option("--database-restarts", default=20)
@click.option("--database-freezes", default=10)
@click.option("--outage", default=60.0, help="Seconds for which the database is gone, after the storm.")
@click.option("--seed", default=None, type=int, help="Repeat a storm; drawn at random when left out.")
def main(seed: int | None, outage: float, **scale: int) -> None:
    """Blow a storm over Spaceport on this machine and print what became of every deployment."""
    storm = Storm(seed=secrets.randbelow(1_000_000) if seed is None else seed, **scale)
    print(storm)  # noqa: T201
    verdict = blow(storm)
    rows, kept = verdict.rows(), verdict.kept
    for part in (lambda folder: _staged(folder, outage), _routes):
        with tempfile.TemporaryDirectory(prefix="spaceport-chaos-") as name:
            Path(name).chmod(0o755)
            more, well = part(Path(name))
        rows, kept = rows + more, kept and well
    print("\n".join(f"| {name:<52} | {value!s:>8} |" for name, value in rows))  # noqa: T201
    sys.exit(0 if kept else 1)


def _staged(folder: Path, seconds: float) -> tuple[Rows, bool]:
    with world(folder, workers=2, replicas=2) as scene, closing(Client(scene.replicas, scene.thaw)) as client:
        gone = trials.outage(scene, client, seconds)
        end = trials.poison(scene, client)
    rows: Rows = [
        (f"database gone for {seconds:g} s: deployments under way", gone.accepted),
        ("... requests answered 503 with Retry-After", gone.answers),
        ("... answered otherwise", gone.wrong.total()),
        ("... slowest of these answers (s)", f"{gone.slowest:.1f}"),
        ("... both replicas back after (s)", f"{gone.back_after:.1f}"),
        ("... programs that had to be started again", len(gone.restarted)),
        ("... stuck or lost", len(gone.unfinished)),
        ("... without exactly one commit", sum(made != 1 for made in gone.commits)),
        ("a job that kills six workers ends", end["reason_code"]),
    ]
    return rows, gone.kept and end["reason_code"] == "worker_crashed"


def _routes(folder: Path) -> tuple[Rows, bool]:
    # API and worker run in this process here, and what they log is not the table.
    log.configure(Settings(_env_file=None, log_level="critical"))
    postgres = Embedded(folder / "database", durable=False)
    postgres.start()
    try:
        database = Database(postgres.url, pool_size=1)
        migrate.upgrade(database)
        database.close()
        wanted, problems = matrix.full(folder, postgres.url)
    finally:
        postgres.stop()
    for problem in problems:
        print(problem)  # noqa: T201
    routes = {(case.route.step, case.route.method, case.route.path) for case in wanted}
    return [
        ("Hub routes, per step, that deployments use", len(routes)),
        ("... times the ways in which each failed", len(wanted)),
        ("... not ended once and for the right reason", len(problems)),
    ], not problems


main()

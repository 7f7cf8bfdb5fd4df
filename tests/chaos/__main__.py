import secrets
import sys

import click
from tests.chaos.run import Storm, blow


@click.command()
@click.option("--deployments", default=500)
@click.option("--strikes", default=1000, help="Kills and freezes of workers and API replicas.")
@click.option("--spaces", default=20)
@click.option("--workers", default=3)
@click.option("--hub-faults", default=200)
@click.option("--database-restarts", default=20)
@click.option("--seed", default=None, type=int, help="Repeat a storm; drawn at random when left out.")
def main(seed: int | None, **scale: int) -> None:
    """Blow a storm over Spaceport on this machine and print what became of every deployment."""
    storm = Storm(seed=secrets.randbelow(1_000_000) if seed is None else seed, **scale)
    print(storm)  # noqa: T201
    verdict = blow(storm)
    print(verdict.table())  # noqa: T201
    sys.exit(0 if verdict.kept else 1)


main()

"""A managed space in a real database, and the two sides that work on its deployments: people and workers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select
from tests.localhub_server import LocalHub

from spaceport import instance as instances
from spaceport.accounts.model import Team
from spaceport.db.database import Database
from spaceport.deployments import claim as claims
from spaceport.deployments import commands, slot
from spaceport.deployments.claim import Claim
from spaceport.deployments.commands import Initiator
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.model import Deployment, IfBusy
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.step import Step, move
from spaceport.hub import Hub, NewSpace, transport
from spaceport.hub_accounts.model import HubAccount
from spaceport.jobs.model import InitiatorType, Job, JobKind
from spaceport.settings import Settings
from spaceport.spaces.model import Sdk, Space, Visibility

ADA = Initiator(InitiatorType.USER, "usr_ada", "Ada")
NEXT = {Status.QUEUED: Status.PUSHING, Status.PUSHING: Status.BUILDING, Status.BUILDING: Status.VERIFYING}


@dataclass
class Bench:
    """Every method is one transaction, as a request or a step of a job is."""

    database: Database
    limits: Limits = field(default_factory=Limits)
    space_id: str = ""

    def space(self, name: str = "demo", team_id: str = "team_1") -> str:
        with self.database.unit_of_work() as session:
            if session.get(Team, team_id) is None:
                session.add(Team(id=team_id, slug=team_id, name=team_id, personal=False))
                session.flush()
            account = HubAccount(
                team_id=team_id, endpoint="http://hub", origin="environment", name="a", plan="pro", token_role="write"
            )
            session.add(account)
            session.flush()
            space = Space(
                team_id=team_id,
                hub_account_id=account.id,
                endpoint="http://hub",
                owner="acme",
                name=name,
                sdk=Sdk.DOCKER,
                visibility=Visibility.PUBLIC,
            )
            session.add(space)
            return space.id

    def request(self, if_busy: IfBusy = IfBusy.SUPERSEDE, space_id: str = "") -> str:
        with self.database.unit_of_work() as session:
            space = session.get_one(Space, space_id or self.space_id)
            return commands.request(
                session, self.limits, space, source={"kind": "space"}, initiator=ADA, if_busy=if_busy
            ).id

    def cancel(self, deployment_id: str) -> None:
        with self.database.unit_of_work() as session:
            commands.cancel(session, self.limits, session.get_one(Deployment, deployment_id), actor="usr_ada")

    def deployment(self, deployment_id: str) -> Deployment:
        with self.database.unit_of_work() as session:
            return session.get_one(Deployment, deployment_id)

    def jobs(self, deployment_id: str) -> list[Job]:
        with self.database.unit_of_work() as session:
            return list(session.exec(select(Job).where(Job.deployment_id == deployment_id).order_by(Job.id)).all())

    def job(self, deployment_id: str) -> Job:
        return self.jobs(deployment_id)[-1]

    def claim(self, deployment_id: str) -> Claim | None:
        """What a worker does with the newest job's engine entry."""
        job = self.job(deployment_id)
        assert job.engine_id is not None
        return self.claim_entry(job.id, job.engine_id)

    def claim_entry(self, job_id: str, engine_id: int) -> Claim | None:
        with self.database.unit_of_work() as session:
            return claims.claim(session, self.limits, job_id, engine_id)

    def held(self, deployment_id: str) -> Claim:
        held = self.claim(deployment_id)
        assert held is not None
        return held

    def write(self, held: Claim, change: Callable[[Session, Deployment], None] = lambda *_: None) -> None:
        with self.database.unit_of_work() as session:
            change(session, claims.fenced(session, held))

    def advance(self, deployment_id: str, *, to: Status) -> None:
        """As its worker would, without one."""
        with self.database.unit_of_work() as session:
            slot.lock(session, session.get_one(Deployment, deployment_id).space_id)
            deployment = session.get_one(Deployment, deployment_id)
            while deployment.status is not to:
                move(session, deployment, NEXT[deployment.status])
            deployment.hub_sha = "a" * 40
            session.add(deployment)

    def end(self, deployment_id: str, status: Status = Status.FAILED) -> None:
        with self.database.unit_of_work() as session:
            deployment = session.get_one(Deployment, deployment_id)
            slot.lock(session, deployment.space_id)
            finish(session, self.limits, deployment, Ending(status, "x", "Because."))

    def engine(self, engine_id: int | None) -> dict[str, Any]:
        return dict(self.sql("SELECT * FROM procrastinate_jobs WHERE id = :id", id=engine_id)[0])

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with self.database.unit_of_work() as session:
            done = session.execute(text(statement), values)
            return list(done.mappings().all()) if done.returns_rows else []

    def kinds(self, deployment_id: str) -> list[JobKind]:
        return [job.kind for job in self.jobs(deployment_id)]

    def events(self, deployment_id: str) -> list[str]:
        rows = self.sql("SELECT kind FROM event WHERE deployment_id = :id ORDER BY id", id=deployment_id)
        return [row["kind"] for row in rows]


@pytest.fixture
def bench(database: Database) -> Bench:
    bench = Bench(database)
    bench.space_id = bench.space()
    return bench


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    transport.install_client()
    hub = LocalHub(tmp_path_factory.mktemp("phases") / "data")
    Hub(hub.url, hub.token).create(NewSpace("local/demo", "static", "public"))
    yield hub
    hub.stop()


@pytest.fixture
def step(bench: Bench, server: LocalHub, tmp_path: Path) -> Iterator[Callable[..., Step]]:
    """What a worker has when it runs the newest job of a deployment, again and again."""
    settings = Settings(_env_file=None, data_dir=tmp_path, hf_token=server.token, hf_endpoint=server.url)
    instance = instances.assemble(settings, bench.database)
    bench.sql("UPDATE space SET owner = 'local'")
    with ThreadPoolExecutor(4) as outside:

        def make(deployment_id: str) -> Step:
            step = Step(instance, bench.held(deployment_id), outside)
            step.hub = Hub(server.url, server.token)
            return step

        yield make
    server.clear_faults()

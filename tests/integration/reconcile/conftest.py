"""A real database and a real local Hub around the reconciler, whose minutes the tests call one by one."""

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from sqlmodel import Session, col, select
from tests.git_server import GitServer
from tests.localhub_server import LocalHub

from spaceport import clock, ids
from spaceport import instance as instances
from spaceport.accounts.model import Team
from spaceport.db.database import Database
from spaceport.deployments.model import Deployment, Release
from spaceport.deployments.states import Status
from spaceport.events.model import Event
from spaceport.hub.transport import install_client
from spaceport.hub_accounts.model import HubAccount
from spaceport.instance import Instance
from spaceport.jobs.model import InitiatorType
from spaceport.reconcile import sweep
from spaceport.settings import Settings
from spaceport.spaces.model import Sdk, Space, Visibility


@pytest.fixture(scope="package")
def hub() -> Iterator[LocalHub]:
    with tempfile.TemporaryDirectory(prefix="reconcile-hub-") as folder:
        server = LocalHub(Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="package")
def git() -> Iterator[GitServer]:
    with GitServer() as server:
        yield server


@pytest.fixture(autouse=True)
def library() -> Iterator[None]:
    install_client()
    yield
    huggingface_hub.close_session()


@pytest.fixture
def bench(database: Database, hub: LocalHub, tmp_path: Path) -> "Bench":
    return Bench(database, hub, tmp_path)


class Bench:
    """One team with one Hub account. Spaces are made on the Hub and as rows; deployments are rows alone."""

    def __init__(self, database: Database, hub: LocalHub, folder: Path) -> None:
        self.instance = _instance(database, hub, folder)
        self.database, self.hub = database, hub
        self.team = Team(slug="team", name="Team")
        self.account = HubAccount(
            team_id=self.team.id, endpoint=hub.url, origin="environment", name="local", plan="pro", token_role="write"
        )
        with database.unit_of_work() as session:
            session.add(self.team)
            session.flush()
            session.add(self.account)

    def replica(self, folder: Path) -> "Bench":
        """The same rows, seen by another process."""
        other = copy.copy(self)
        other.instance = _instance(self.database, self.hub, folder)
        return other

    def space(self, **facts: Any) -> Space:
        """A managed static Space that is on the Hub too."""
        name = ids.new("s").replace("_", "-")
        self.hub.api().create_repo(f"local/{name}", repo_type="space", space_sdk="static")
        return self.row(name, **facts)

    def row(self, name: str, **facts: Any) -> Space:
        wanted = {"sdk": Sdk.STATIC, "visibility": Visibility.PUBLIC} | facts
        space = Space(
            team_id=self.team.id,
            hub_account_id=self.account.id,
            endpoint=self.hub.url,
            owner="local",
            name=name,
            **wanted,
        )
        with self.database.unit_of_work() as session:
            session.add(space)
        return space

    def deployment(self, space: Space, status: Status, **facts: Any) -> Deployment:
        with self.database.unit_of_work() as session:
            space = session.get_one(Space, space.id)
            space.deployment_count += 1
            session.add(space)
            deployment = Deployment(
                team_id=space.team_id,
                space_id=space.id,
                number=space.deployment_count,
                status=status,
                trigger="api",
                initiator_type=InitiatorType.USER,
                initiator_id="usr_test",
                **{"source": space.source or {}} | ({"finished_at": clock.now()} if status.final else {}) | facts,
            )
            session.add(deployment)
        return deployment

    def live(self, space: Space) -> str:
        """The Space as it is on the Hub now, as something we have deployed; the commit."""
        sha = self.hub.api().space_info(space.repo_id).sha
        deployment = self.deployment(space, Status.SUCCEEDED, hub_sha=sha, pushed_at=clock.now())
        with self.database.unit_of_work() as session:
            session.get_one(Space, space.id).release_count = 1
            session.add(
                Release(
                    team_id=space.team_id,
                    space_id=space.id,
                    deployment_id=deployment.id,
                    number=1,
                    hub_sha=sha,
                    revision=sha,
                    configuration={},
                )
            )
        return str(sha)

    def push_behind_our_back(self, space: Space) -> str:
        info = self.hub.api().upload_file(
            path_or_fileobj=b"changed", path_in_repo="note.txt", repo_id=space.repo_id, repo_type="space"
        )
        return str(info.oid)

    def sweep(self) -> None:
        """What happens once a minute."""
        sweep.sweep(self.instance, self.account.id, "local")

    def fresh(self, space: Space) -> Space:
        with self.database.unit_of_work() as session:
            return session.get_one(Space, space.id)

    def events(self, space: Space) -> list[Event]:
        with self.database.unit_of_work() as session:
            return _events(session, space)

    def deployments(self, space: Space) -> list[Deployment]:
        """Oldest first."""
        with self.database.unit_of_work() as session:
            mine = select(Deployment).where(Deployment.space_id == space.id)
            return list(session.exec(mine.order_by(col(Deployment.number))))


def _instance(database: Database, hub: LocalHub, folder: Path) -> Instance:
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        hf_endpoint=hub.url,
        hf_token=hub.token,
        egress_allowed_hosts="127.0.0.1",
    )
    return instances.assemble(settings, database)


def _events(session: Session, space: Space) -> list[Event]:
    return list(session.exec(select(Event).where(Event.space_id == space.id).order_by(col(Event.id))))

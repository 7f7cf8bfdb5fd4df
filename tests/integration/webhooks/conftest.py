"""A team with hooks and spaces in a real database; hosts deliver, and a worker's steps are made by hand."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import col, select
from tests import git_hosts
from tests.git_hosts import Sent
from tests.git_server import GitServer

from spaceport import clock, ids
from spaceport import instance as instances
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role, Team
from spaceport.db.database import Database
from spaceport.deployments import slot
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.step import move
from spaceport.hub_accounts.model import HubAccount
from spaceport.settings import Settings
from spaceport.spaces import deploy_rules
from spaceport.spaces.deploy_rules import Rules
from spaceport.spaces.model import Sdk, Space, Visibility
from spaceport.webhooks import hooks, inbound
from spaceport.webhooks.deciding import decide_next
from spaceport.webhooks.inbound import Receipt
from spaceport.webhooks.model import Decision, Delivery, Hook
from spaceport.webhooks.providers import Provider

LIMITS = Limits(push=2000, run=2000, team_push=2000, team_run=2000)


@pytest.fixture(scope="package")
def git() -> Iterator[GitServer]:
    with GitServer() as server:
        yield server


@pytest.fixture
def bench(database: Database) -> Iterator["Bench"]:
    with tempfile.TemporaryDirectory(prefix="webhooks-") as folder:
        yield Bench(database, Path(folder))


class Bench:
    """Every method is one transaction, as a request or a step of a job is."""

    def __init__(self, database: Database, folder: Path) -> None:
        settings = Settings(_env_file=None, data_dir=folder, egress_allowed_hosts="127.0.0.1")
        self.instance = instances.assemble(settings, database)
        self.database = database
        self.team = Team(slug="team", name="Team", personal=False)
        self.account = HubAccount(
            team_id=self.team.id, endpoint="https://hub", origin="stored", name="a", plan="pro", token_role="write"
        )
        self.caller = Caller(
            "usr_ada", "ada@example.org", "Ada", "s", clock.now(), {self.team.id: Role.OWNER}, self.team.id
        )
        with database.unit_of_work() as session:
            session.add(self.team)
            session.flush()
            session.add(self.account)

    def space(self, url: str, *, rules: Rules | None = None, **facts: Any) -> Space:
        source = {"kind": "git", "url": url, "ref": "main", "folder": ""} | facts.pop("source", {})
        space = self.row(source, **facts)
        with self.database.unit_of_work() as session:
            session.add(space)
            session.flush()
            if rules is not None:
                deploy_rules.set_rules(session, space, rules)
        return space

    def row(self, source: dict[str, Any], **facts: Any) -> Space:
        return Space(
            team_id=self.team.id,
            hub_account_id=self.account.id,
            endpoint="https://hub",
            owner="acme",
            name=ids.new("s").replace("_", "-"),
            sdk=Sdk.STATIC,
            visibility=Visibility.PUBLIC,
            source=source,
            **{"auto_deploy": True} | facts,
        )

    def rules(self, space: Space, rules: Rules) -> None:
        with self.database.unit_of_work() as session:
            deploy_rules.set_rules(session, session.get_one(Space, space.id), rules)

    def hook(self, space: Space, provider: Provider = Provider.GITHUB, secret: str | None = None) -> "Sender":
        with self.database.unit_of_work() as session:
            hook, issued = hooks.create(session, self.instance, self.caller, space, provider, secret)
        assert issued
        return Sender(self, hook, issued)

    def receive(self, hook: Hook, sent: Sent) -> Receipt:
        return inbound.receive(self.instance, hook.provider, hook.id, sent.headers, sent.body)

    def decide(self) -> None:
        """What the worker does with the deliveries that wait for Git."""
        while decide_next(self.instance, lambda: False):
            pass

    def delivery(self, receipt: Receipt) -> Delivery:
        with self.database.unit_of_work() as session:
            return session.get_one(Delivery, receipt.delivery_id)

    def decisions(self, receipt: Receipt) -> list[Decision]:
        with self.database.unit_of_work() as session:
            return list(session.exec(select(Decision).where(Decision.delivery_id == receipt.delivery_id)))

    def deployments(self, space: Space) -> list[Deployment]:
        """Oldest first."""
        with self.database.unit_of_work() as session:
            mine = select(Deployment).where(Deployment.space_id == space.id)
            return list(session.exec(mine.order_by(col(Deployment.number))))

    def begin(self, space: Space, revision: str) -> Deployment | None:
        """The worker takes the deployment that holds the slot, and fetches that revision."""
        with self.database.unit_of_work() as session:
            slot.lock(session, space.id)
            deployment = slot.holder(session, space.id)
            if deployment is None or deployment.status is not Status.QUEUED:
                return None
            move(session, deployment, Status.PUSHING, revision=revision)
            return deployment

    def end(self, deployment: Deployment, status: Status = Status.FAILED) -> None:
        """It ends; the slot is handed on."""
        with self.database.unit_of_work() as session:
            slot.lock(session, deployment.space_id)
            row = session.get_one(Deployment, deployment.id)
            if status is Status.SUCCEEDED:
                row.hub_sha = "e" * 40
                move(session, row, Status.VERIFYING)
            finish(session, LIMITS, row, Ending(status, "x", "Because."))

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with self.database.unit_of_work() as session:
            return list(session.execute(text(statement), values).all())

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is sent to the database inside the block."""
        sent: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(" ".join(statement.split())[:80])

        event.listen(self.database.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(self.database.engine, "before_cursor_execute", note)


class Sender:
    """The host's side of a hook."""

    def __init__(self, bench: Bench, hook: Hook, secret: str) -> None:
        self._bench = bench
        self.hook = hook
        self.secret = secret

    def sent(self, after: str, *, delivery: str | None = None, **push: Any) -> Sent:
        name = self.hook.repository.partition("/")[2]
        body = git_hosts.push(self.hook.provider, name, after, **push)
        return git_hosts.send(self.hook.provider, self.secret, body, delivery=delivery)

    def push(self, after: str, **push: Any) -> Receipt:
        return self._bench.receive(self.hook, self.sent(after, **push))


def sha(number: int) -> str:
    return f"{number:040x}"


def later(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)

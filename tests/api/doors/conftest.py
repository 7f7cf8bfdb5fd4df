"""The REST door with a real Hub behind it, and a team with a managed space."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlmodel import col, select
from tests import git_hosts
from tests.api.conftest import Person
from tests.localhub_server import LocalHub
from tests.spaceport_server import archive

from spaceport import clock
from spaceport import instance as instances
from spaceport.db.database import Database
from spaceport.deployments.model import Deployment, Release
from spaceport.events.feed import Feed
from spaceport.events.model import Event
from spaceport.hub.transport import install_client
from spaceport.instance import Instance
from spaceport.jobs.model import InitiatorType
from spaceport.main import readers
from spaceport.settings import Settings
from spaceport.spaces.model import Space
from spaceport.webhooks.providers import Provider

ROLES = ("viewer", "deployer", "admin", "owner")
NEXT = "apply=next_deployment"
# The commits of the releases v1 and v2.
SHA = {1: "1" * 40, 2: "2" * 40}


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    install_client()
    server = LocalHub(
        tmp_path_factory.mktemp("api") / "hub", "--token", "local:hf_reads:read", "--org", "acme:team:local=admin"
    )
    yield server
    server.stop()


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets differently."""
    return {}


@pytest.fixture
def instance(database, tmp_path, hub: LocalHub, settings: dict[str, Any]) -> Instance:
    wanted = {"data_dir": tmp_path, "hf_endpoint": hub.url} | settings
    return instances.assemble(Settings(_env_file=None, **wanted), database)


@pytest.fixture
def api(api, instance: Instance):
    """Without a worker: what is queued stays queued."""
    api.app.state.feed = Feed(readers(instance.database), None)
    return api


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Of a Space that no other test uses."""
    return f"space-{abs(hash(request.node.nodeid))}"


@dataclass
class Crew:
    """A team with one person per role, a space of theirs, and a stranger with a team of their own."""

    team_id: str
    people: dict[str, Person]
    name: str
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def repo_id(self) -> str:
        return f"local/{self.name}"

    @property
    def space(self) -> str:
        return f"/api/v1/spaces/local/{self.name}"

    def ask(self, who: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None):
        person = self.people["owner"] if who == "nobody" else self.people[who]
        headers = ({} if who == "nobody" else person.headers) | (headers or {})
        url = path.format(space=self.space, repo_id=self.repo_id, team=self.team_id, **self.ids)
        if body == "file":
            return person.api.request(method, url, files={"file": ("a.tar.gz", archive({"a": "b"}))}, headers=headers)
        return person.api.request(method, url, json=body, headers=headers)

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """By the owner."""
        answer = self.ask("owner", method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def crew(sign_up, hub: LocalHub, name: str) -> Crew:
    owner = sign_up("owner")
    team_id = owner.post("/api/v1/teams", {"name": "Engines"}).json()["id"]
    people = {"owner": owner, "stranger": sign_up("stranger")}
    for role in ROLES[:-1]:
        people[role] = sign_up(role)
        owner.post(f"/api/v1/teams/{team_id}/members", {"email": people[role].email, "role": role})
    crew = Crew(team_id, people, name)
    account = crew.done("POST", "/api/v1/hub-accounts", {"token": hub.token, "team_id": team_id})
    crew.ids["account"] = account["id"]
    body = {"owner": "local", "name": name, "sdk": "static", "source": {"kind": "space", "repo_id": "local/other"}}
    crew.ids["space_id"] = crew.done("POST", "/api/v1/spaces", body)["id"]
    return crew


@pytest.fixture
def docker(crew: Crew) -> str:
    """A docker Space of the crew, which nothing was pushed to yet."""
    name = f"{crew.name}-d"
    body = {"owner": "local", "name": name, "sdk": "docker", "hub_account_id": crew.ids["account"]}
    crew.done("POST", "/api/v1/spaces", body | {"source": {"kind": "space", "repo_id": "local/other"}})
    return f"/api/v1/spaces/local/{name}"


@pytest.fixture
def events(database: Database):
    def of(kind: str) -> list[dict]:
        with database.unit_of_work() as session:
            found = session.exec(select(Event).where(Event.kind == kind).order_by(col(Event.id)))
            return [event.data | {"actor": event.actor} for event in found]

    return of


@pytest.fixture
def everything(crew: Crew) -> Crew:
    """A deployment that has ended and one that is queued, with their jobs; a hook and a delivery."""
    ended = crew.done("POST", "{space}/deployments")
    crew.ids["ended"] = ended["id"]
    crew.done("POST", "/api/v1/deployments/{ended}/cancellation")
    crew.done("POST", "{space}/secrets?" + NEXT, {"secrets": [{"key": "CREW_KEY", "value": "x"}]})
    crew.done("POST", "{space}/variables?" + NEXT, {"variables": [{"key": "CREW_COLOR", "value": "red"}]})
    crew.ids |= {"secret": "CREW_KEY", "variable": "CREW_COLOR"}
    crew.ids["deployment"] = crew.done("POST", "{space}/deployments")["id"]
    crew.ids["deploy_token"] = crew.done("POST", "{space}/deploy-tokens", {"name": "ours"})["id"]
    crew.ids["job"] = crew.done("GET", "/api/v1/jobs?deployment_id={deployment}")["items"][0]["id"]
    hook = crew.done("POST", "{space}/hooks")
    crew.ids["hook"] = hook["id"]
    body = git_hosts.push(Provider.HUGGINGFACE, "spaces/local/other", "a" * 40)
    sent = git_hosts.send(Provider.HUGGINGFACE, hook["secret"], body)
    path = urlsplit(hook["url"]).path
    answer = crew.people["owner"].api.post(path, content=sent.body, headers=sent.headers)
    crew.ids["delivery"] = answer.json()["delivery_id"]
    return crew


@pytest.fixture
def released(crew, database) -> str:
    """A space with two releases; the address of its page."""
    with database.unit_of_work() as session:
        space = session.get_one(Space, crew.ids["space_id"])
        for number, sha in SHA.items():
            deployment = past(space, number, status="succeeded", release=number, hub_sha=sha, revision=sha)
            session.add(deployment)
            session.flush()
            session.add(
                Release(
                    team_id=space.team_id,
                    space_id=space.id,
                    deployment_id=deployment.id,
                    number=number,
                    hub_sha=sha,
                    revision=sha,
                    configuration={},
                )
            )
            crew.ids[f"v{number}"] = deployment.id
        space.deployment_count = space.release_count = 2
    return f"/spaces/{crew.repo_id}"


def past(space, number: int, **facts) -> Deployment:
    at = clock.now() - timedelta(hours=1)
    return Deployment(
        team_id=space.team_id,
        space_id=space.id,
        number=number,
        trigger="api",
        initiator_type=InitiatorType.USER,
        initiator_id="usr_x",
        source={"kind": "space", "repo_id": "local/other", "revision": None},
        commit_message=f"Change number {number}",
        created_at=at,
        finished_at=at,
        **facts,
    )


@pytest.fixture
def on_hub(hub: LocalHub, crew: Crew):
    """What the Hub's own client says of the space's secrets."""
    return lambda: hub.api().get_space_secrets(f"local/{crew.name}")


@pytest.fixture
def variables(hub: LocalHub, crew: Crew):
    return lambda: {key: each.value for key, each in hub.api().get_space_variables(f"local/{crew.name}").items()}

"""The REST door over a real database, and people who have signed in at it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient
from tests.api import recording

from spaceport import instance as instances
from spaceport.accounts import passwords
from spaceport.api.application import create_api
from spaceport.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch):
    """The real algorithm with its smallest parameters: a test about something else should not wait for it."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody_s_hash.cache_clear()


@pytest.fixture
def instance(database, tmp_path):
    return instances.assemble(Settings(_env_file=None, data_dir=tmp_path), database)


@pytest.fixture
def api(instance):
    client = recording.RecordingClient if recording.wanted() else TestClient
    return client(create_api(instance), raise_server_exceptions=False)


@pytest.fixture(scope="session", autouse=True)
def examples():
    yield
    if recording.wanted():
        recording.write()


@pytest.fixture
def sign_up(api):
    def register_and_sign_in(name: str) -> Person:
        registered = api.post(
            "/api/v1/auth/register",
            json={"email": f"{name}@example.org", "name": name, "password": PASSWORD},
        )
        assert registered.status_code == 201, registered.text
        account = registered.json()
        return sign_in(api, Person(api, name, account["user"]["id"], personal_team_id=account["teams"][0]["id"]))

    return register_and_sign_in


@dataclass
class Person:
    api: TestClient
    name: str
    id: str
    personal_team_id: str
    access_token: str = ""
    refresh_token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"

    def get(self, path: str):
        return self.api.get(path, headers=self.headers)

    def post(self, path: str, json: Any = None):
        return self.api.post(path, json=json, headers=self.headers)

    def patch(self, path: str, json: Any):
        return self.api.patch(path, json=json, headers=self.headers)

    def delete(self, path: str):
        return self.api.delete(path, headers=self.headers)

    def sign_in_again(self) -> "Person":
        """The same person on another device."""
        return sign_in(self.api, Person(self.api, self.name, self.id, self.personal_team_id))


def sign_in(api: TestClient, person: Person) -> Person:
    answer = api.post("/api/v1/auth/token", data={"username": person.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    person.access_token, person.refresh_token = answer.json()["access_token"], answer.json()["refresh_token"]
    person.headers = {"Authorization": f"Bearer {person.access_token}"}
    return person

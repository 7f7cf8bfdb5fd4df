"""Requests that are sent again with the same `Idempotency-Key`."""

import asyncio
import http.client
import io
import socket
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import anyio.to_thread
import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Response
from sqlmodel import Session, select
from starlette.testclient import TestClient
from tests.api.conftest import PASSWORD, Person, sign_in

from spaceport import clock, errors
from spaceport.accounts.model import Team
from spaceport.api.application import create_api
from spaceport.db.database import Database
from spaceport.deployments.model import Deployment
from spaceport.hub_accounts.model import HubAccount
from spaceport.idempotency.model import IdempotentRequest
from spaceport.spaces.model import Space
from spaceport.uploads.model import Upload

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
TEAMS = "/api/v1/teams"
ENGINES = {"name": "Engines"}


@pytest.fixture
def app(instance) -> FastAPI:
    return create_api(instance)


@pytest.fixture
def api(app):
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def ada(sign_up) -> Person:
    return sign_up("ada")


@pytest.fixture
def rows(database):
    def read() -> list[IdempotentRequest]:
        with database.unit_of_work() as session:
            return list(session.exec(select(IdempotentRequest)))

    return read


@pytest.fixture
def teams(database):
    """The names of the teams that people made themselves."""

    def read() -> list[str]:
        with database.unit_of_work() as session:
            return list(session.exec(select(Team.name).where(Team.personal == False)))  # noqa: E712

    return read


@pytest.fixture
def later(monkeypatch):
    """Moves the clock."""
    real, passed = clock.now, [timedelta(0)]
    monkeypatch.setattr(clock, "now", lambda: real() + passed[0])

    def move(**by: float) -> None:
        passed[0] += timedelta(**by)

    return move


def send(person: Person, path: str, key: str = KEY, **request) -> httpx.Response:
    headers = {**person.headers, "Idempotency-Key": key, **request.pop("headers", {})}
    return person.api.post(path, headers=headers, **request)


def replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


@pytest.fixture
def space(database, ada) -> str:
    """The address of the deployments of a space in Ada's team."""
    with database.unit_of_work() as session:
        account = HubAccount(
            team_id=ada.personal_team_id,
            endpoint="http://127.0.0.1:1",
            origin="stored",
            name="ada",
            plan="",
            token_role="write",
        )
        session.add(account)
        session.flush()
        session.add(
            Space(
                team_id=ada.personal_team_id,
                hub_account_id=account.id,
                endpoint=account.endpoint,
                owner="ada",
                name="engine",
                sdk="docker",
                visibility="public",
                source={"kind": "git", "url": "https://example.org/engine.git"},
                health={},
                budgets={},
            )
        )
    return "/api/v1/spaces/ada/engine/deployments"


def test_the_same_request_gets_the_same_answer_and_deploys_once(ada, space, database):
    first, second = (send(ada, space, json={}) for _ in range(2))
    assert first.status_code == second.status_code == 202, first.text
    assert first.content == second.content
    for name in ("Location", "Content-Type", "Content-Length"):
        assert first.headers[name] == second.headers[name]
    assert (replayed(first), replayed(second)) == (False, True)
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    with database.unit_of_work() as session:
        assert [each.id for each in session.exec(select(Deployment))] == [first.json()["id"]]


def test_a_cancellation_that_is_repeated_does_not_meet_its_own_effect(ada, space):
    deployment = send(ada, space).json()["id"]
    cancellation = f"/api/v1/deployments/{deployment}/cancellation"
    assert [send(ada, cancellation).status_code for _ in range(2)] == [202, 202]
    assert send(ada, cancellation, "another").json()["code"] == "already_final"


@pytest.mark.parametrize(
    "other",
    [
        {"json": {"name": "Other"}},
        {"json": ENGINES, "params": {"dry": "yes"}},
        {"content": b'{"name": "Engines"}', "headers": {"Content-Type": "text/plain"}},
    ],
    ids=["body", "query", "media type"],
)
def test_another_request_under_the_same_key_is_refused(ada, teams, other):
    send(ada, TEAMS, json=ENGINES)
    refused = send(ada, TEAMS, **other)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["request_id"] == refused.headers["X-Request-Id"]
    assert teams() == ["Engines"]


def test_without_a_key_every_request_counts(ada, teams, rows):
    ada.post(TEAMS, ENGINES)
    ada.post(TEAMS, ENGINES)
    assert (len(teams()), rows()) == (2, [])


def test_keys_of_other_people_and_other_routes_are_other_keys(ada, sign_up, teams):
    bob = sign_up("bob")
    made = send(ada, TEAMS, json=ENGINES), send(bob, TEAMS, json=ENGINES)
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] != made[1].json()["id"]
    members = f"{TEAMS}/{made[0].json()['id']}/members"
    added = send(ada, members, json={"email": bob.email, "role": "viewer"})
    assert (added.status_code, replayed(added)) == (201, False)
    assert len(teams()) == 2


def test_a_key_is_its_user_s_on_every_device(ada):
    elsewhere = ada.sign_in_again()
    assert send(ada, TEAMS, json=ENGINES).content == send(elsewhere, TEAMS, json=ENGINES).content


def test_a_refused_request_may_be_mended_and_sent_with_its_key(ada, teams, rows):
    assert send(ada, TEAMS, json={"name": ""}).json()["code"] == "request_invalid"
    assert send(ada, "/api/v1/spaces", json={}).status_code == 422
    unknown = send(ada, f"{TEAMS}/team_{'0' * 26}/members", json={"email": "a@example.org", "role": "viewer"})
    assert unknown.status_code == 404
    assert send(ada, "/api/v1/" + "nowhere" * 1000).status_code == 404
    assert rows() == []
    made = send(ada, TEAMS, json=ENGINES)
    assert (made.status_code, replayed(made), teams()) == (201, False, ["Engines"])


def test_a_conflict_is_not_kept_because_it_changed_nothing(ada, space, sign_up):
    """Whoever waited for the slot, as the answer says, may send the same request."""
    busy = send(ada, space, "first").json()["id"]
    rejecting = {"if_busy": "reject"}
    assert send(ada, space, json=rejecting).json()["code"] == "space_busy"
    ada.post(f"/api/v1/deployments/{busy}/cancellation")
    assert send(ada, space, json=rejecting).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ü".encode("latin-1"), "ü".encode()])
def test_a_key_of_another_form_is_refused(ada, teams, key):
    refused = send(ada, TEAMS, key, json=ENGINES)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    assert teams() == []


def test_two_keys_at_once_are_refused(ada):
    headers = [*ada.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert ada.api.post(TEAMS, json=ENGINES, headers=headers).json()["code"] == "idempotency_key_invalid"


@pytest.mark.parametrize("key", ["x", "x" * 255, "a b", '"quoted, as the draft has it"', "~!'%;"])
def test_printable_ascii_of_up_to_255_characters_is_a_key(ada, key):
    assert send(ada, TEAMS, key, json=ENGINES).content == send(ada, TEAMS, key, json=ENGINES).content


def test_other_methods_do_not_look_at_the_header(ada, rows):
    headers = ada.headers | {"Idempotency-Key": ""}
    assert ada.api.get(TEAMS, headers=headers).status_code == 200
    assert ada.api.delete("/api/v1/spaces/ada/none", headers=headers).status_code == 404
    assert rows() == []


def test_tokens_are_never_kept(ada, rows):
    form = {"username": ada.email, "password": PASSWORD}
    pairs = [send(ada, "/api/v1/auth/token", data=form).json() for _ in range(2)]
    assert pairs[0]["refresh_token"] != pairs[1]["refresh_token"]
    wanted = {"refresh_token": pairs[0]["refresh_token"]}
    assert send(ada, "/api/v1/auth/refresh", json=wanted).status_code == 200
    assert send(ada, "/api/v1/auth/refresh", json=wanted).status_code == 401
    assert send(ada, "/api/v1/auth/logout").status_code == 204
    assert rows() == []


def test_who_is_not_signed_in_is_refused_as_ever_and_leaves_nothing(ada, rows):
    for header in ("", "Bearer nonsense", "Basic abc"):
        answer = send(ada, TEAMS, json=ENGINES, headers={"Authorization": header})
        assert answer.status_code == 401
    assert rows() == []


def test_a_kept_answer_is_not_for_a_session_that_has_ended(ada):
    assert send(ada, TEAMS, json=ENGINES).status_code == 201
    ada.post("/api/v1/auth/logout")
    refused = send(ada, TEAMS, json=ENGINES)
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert refused.headers["WWW-Authenticate"]


def test_every_replica_has_the_answer(ada, instance, database_url):
    first = send(ada, TEAMS, json=ENGINES)
    other_database = Database(database_url, pool_size=1)
    replica = create_api(replace(instance, database=other_database))
    again = send(Person(TestClient(replica), "ada", ada.id, "", headers=ada.headers), TEAMS, json=ENGINES)
    other_database.close()
    assert (again.content, replayed(again)) == (first.content, True)


def test_after_24_hours_a_key_is_new_and_old_rows_are_gone(ada, teams, rows, later):
    for key in ("a", "b", KEY):
        send(ada, TEAMS, key, json=ENGINES)
    later(hours=23, minutes=59)
    sign_in(ada.api, ada)
    assert replayed(send(ada, TEAMS, json=ENGINES))
    later(minutes=2)
    again = send(ada, TEAMS, json={"name": "Other"})
    assert (again.status_code, replayed(again)) == (201, False)
    assert teams() == ["Engines", "Engines", "Engines", "Other"]
    send(ada, TEAMS, "fresh", json=ENGINES)
    assert len(rows()) == 2


def archive(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("app.bin")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_a_file_is_the_same_whatever_boundary_it_is_sent_with(ada, database):
    packed = archive(b"one")
    answers = [
        send(ada, "/api/v1/uploads", files={"file": ("app.tar.gz", packed)}, headers={"Content-Type": boundary})
        for boundary in ("multipart/form-data; boundary=one", 'multipart/form-data; boundary="another-one"')
    ]
    assert answers[0].status_code == 201, answers[0].text
    assert (answers[0].content, replayed(answers[1])) == (answers[1].content, True)
    other = send(ada, "/api/v1/uploads", files={"file": ("app.tar.gz", archive(b"two"))})
    assert other.json()["code"] == "idempotency_key_reused"
    with database.unit_of_work() as session:
        assert [upload.size for upload in session.exec(select(Upload))] == [len(packed)]


def test_a_body_that_does_not_fit_into_memory_arrives_whole(ada):
    large = b"\x1f\x8b" + bytes(range(256)) * 4096 * 3
    for _ in range(2):
        answer = send(ada, "/api/v1/uploads", files={"file": ("app.tar.gz", large)})
        assert (answer.status_code, answer.json()["size"]) == (201, len(large))


def test_a_body_above_the_limit_is_refused_before_it_is_all_read(ada, rows, monkeypatch):
    monkeypatch.setattr("spaceport.api.idempotency._LARGEST", 1000)
    refused = send(ada, TEAMS, content=b"x" * 1001)
    assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert rows() == []


async def test_fifty_at_once_act_once(app, ada, teams, rows):
    anyio.to_thread.current_default_thread_limiter().total_tokens = 4
    transport = httpx.ASGITransport(app)
    headers = ada.headers | {"Idempotency-Key": KEY}
    async with httpx.AsyncClient(transport=transport, base_url="http://spaceport") as client:
        answers = await asyncio.gather(*(client.post(TEAMS, json=ENGINES, headers=headers) for _ in range(50)))
        last = await client.post(TEAMS, json=ENGINES, headers=headers)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 and not replayed(answer) for answer in answers) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert (answer.json()["code"], answer.headers["Retry-After"]) == ("idempotency_key_in_use", "1")
        else:
            assert answer.content == last.content
    assert replayed(last)
    assert (teams(), len(rows())) == (["Engines"], 1)


class Workshop:
    """A route of the test's own, whose handler does what the test says, and says when it is there."""

    PATH = "/api/v1/workshop"

    def __init__(self, app: FastAPI, database) -> None:
        self.database = database
        self.act = lambda: None
        app.add_api_route(self.PATH, self.work, methods=["POST"], status_code=201)

    def work(self, response: Response) -> dict[str, str]:
        response.headers["Location"] = "/somewhere"
        self.act()
        return {"made": "it"}

    def make_team(self, name: str = "Engines") -> None:
        with self.database.unit_of_work() as session:
            session.add(Team(slug=name.lower(), name=name))


@pytest.fixture
def workshop(app, database) -> Workshop:
    return Workshop(app, database)


@contextmanager
def stopped(work: Workshop, person: Person):
    """A first request that has come as far as its handler, and goes on at the end of the block."""
    there, go_on, act = threading.Event(), threading.Event(), work.act

    def wait() -> None:
        work.act = act
        there.set()
        assert go_on.wait(20)
        act()

    work.act = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, person, work.PATH)
        assert there.wait(20)
        try:
            yield first
        finally:
            go_on.set()
        first.result(20)


def test_a_twin_of_a_running_request_is_told_to_come_back_for_its_answer(ada, workshop, teams):
    workshop.act = workshop.make_team
    with stopped(workshop, ada) as first:
        twin = send(ada, workshop.PATH)
        assert (twin.status_code, twin.json()["code"]) == (409, "idempotency_key_in_use")
        assert twin.headers["Retry-After"] == "1"
        assert send(ada, workshop.PATH, json={"other": 1}).json()["code"] == "idempotency_key_reused"
    assert send(ada, workshop.PATH).content == first.result().content
    assert teams() == ["Engines"]


@contextmanager
def served(app: FastAPI):
    """The address of the application behind a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def test_who_hung_up_before_the_answer_gets_it_on_asking_again(app, ada, workshop, teams):
    there, go_on = threading.Event(), threading.Event()

    def act_when_told() -> None:
        there.set()
        assert go_on.wait(20)
        workshop.make_team()

    workshop.act = act_when_told
    headers = ada.headers | {"Idempotency-Key": KEY}
    with served(app) as address:
        impatient = http.client.HTTPConnection(address)
        impatient.request("POST", workshop.PATH, headers=headers)
        assert there.wait(20)
        impatient.close()
        go_on.set()
        deadline = time.monotonic() + 20
        with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
            while (again := client.post(workshop.PATH, headers=headers)).status_code == 409:
                assert time.monotonic() < deadline
    assert (again.status_code, again.json(), replayed(again)) == (201, {"made": "it"}, True)
    assert again.headers["Location"] == "/somewhere"
    assert teams() == ["Engines"]


def test_a_request_that_did_not_act_within_a_minute_runs_again_and_comes_too_late_itself(
    ada, workshop, teams, rows, later
):
    """A dead process and a slow one look the same from outside; this one is slow, the worse of the two."""
    workshop.act = workshop.make_team
    with stopped(workshop, ada) as first:
        later(seconds=59)
        assert send(ada, workshop.PATH).json()["code"] == "idempotency_key_in_use"
        later(seconds=2)
        assert send(ada, workshop.PATH).status_code == 201
    assert (first.result().status_code, first.result().json()["code"]) == (409, "idempotency_key_in_use")
    assert teams() == ["Engines"]
    assert replayed(send(ada, workshop.PATH))
    assert len(rows()) == 1


def test_a_request_that_is_acting_keeps_its_key_however_long_it_takes(ada, workshop, teams, later):
    there, go_on = threading.Event(), threading.Event()

    def act_slowly() -> None:
        with workshop.database.unit_of_work() as session:
            session.add(Team(slug="engines", name="Engines"))
            session.flush()
            there.set()
            assert go_on.wait(20)

    workshop.act = act_slowly
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, ada, workshop.PATH)
        assert there.wait(20)
        later(seconds=61)
        try:
            assert send(ada, workshop.PATH).json()["code"] == "idempotency_key_in_use"
        finally:
            go_on.set()
        assert first.result(20).status_code == 201
    assert replayed(send(ada, workshop.PATH))
    assert teams() == ["Engines"]


def test_an_unexpected_error_before_the_effect_frees_the_key(ada, workshop, teams, rows):
    def fail() -> None:
        with workshop.database.unit_of_work() as session:
            session.add(Team(slug="engines", name="Engines"))
            session.flush()
            raise RuntimeError("before the commit")

    workshop.act = fail
    assert send(ada, workshop.PATH).status_code == 500
    assert (teams(), rows()) == ([], [])
    workshop.act = workshop.make_team
    assert send(ada, workshop.PATH).status_code == 201
    assert teams() == ["Engines"]


@pytest.mark.parametrize("failure", [RuntimeError("bug"), errors.Unavailable("Commit unknown.", code="lost")])
def test_an_error_after_the_effect_does_not_free_the_key(ada, workshop, teams, failure):
    def act_and_fail() -> None:
        workshop.make_team()
        raise failure

    workshop.act = act_and_fail
    assert send(ada, workshop.PATH).status_code in {500, 503}
    again = send(ada, workshop.PATH)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_answer_lost")
    assert teams() == ["Engines"]


def test_a_process_that_dies_between_its_effect_and_its_answer_has_acted(
    ada, workshop, database, teams, later, monkeypatch
):
    def died(*_):
        raise errors.Unavailable("The database is away.", code="database_unavailable")

    monkeypatch.setattr("spaceport.idempotency.commands.keep", died)
    workshop.act = workshop.make_team
    assert send(ada, workshop.PATH).status_code == 201, "what was done is answered, kept or not"
    assert send(ada, workshop.PATH).json()["code"] == "idempotency_key_in_use"
    later(seconds=61)
    assert send(ada, workshop.PATH).json()["code"] == "idempotency_answer_lost"
    assert teams() == ["Engines"]


def test_reading_and_refusing_leave_no_mark(ada, workshop, rows):
    def look_and_refuse() -> None:
        with workshop.database.unit_of_work() as session:
            session.exec(select(Team)).all()
        with workshop.database.unit_of_work() as session:
            session.add(Team(slug="engines", name="Engines"))
            session.flush()
            raise errors.Conflict("No.", code="no")

    workshop.act = look_and_refuse
    assert [send(ada, workshop.PATH).json()["code"] for _ in range(2)] == ["no", "no"]
    assert rows() == []


def test_an_answer_that_must_not_be_stored_is_given_once(ada, app, rows):
    @app.post("/api/v1/secret", status_code=201)
    def make_secret(response: Response) -> dict[str, str]:
        response.headers["Cache-Control"] = "No-Store"
        return {"token": "hunter2"}

    assert "hunter2" in send(ada, "/api/v1/secret").text
    assert send(ada, "/api/v1/secret").json()["code"] == "idempotency_answer_lost"
    assert [row.body for row in rows()] == [None]


def test_a_very_large_answer_is_given_once(ada, app):
    app.add_api_route("/api/v1/large", lambda: "x" * 2**20, methods=["POST"])
    assert len(send(ada, "/api/v1/large").text) == 2**20 + 2
    assert send(ada, "/api/v1/large").json()["code"] == "idempotency_answer_lost"


def test_an_answer_without_a_body_is_kept_too(ada, app):
    app.add_api_route("/api/v1/nothing", lambda: None, methods=["POST"], status_code=204)
    answers = [send(ada, "/api/v1/nothing") for _ in range(2)]
    assert [(answer.status_code, answer.content, replayed(answer)) for answer in answers] == [
        (204, b"", False),
        (204, b"", True),
    ]


def test_what_happens_outside_a_keyed_request_is_not_marked(ada, database, teams, rows):
    send(ada, TEAMS, json=ENGINES)
    with Session(database.engine) as session:
        session.add(Team(slug="other", name="Other"))
        session.commit()
    ada.post(TEAMS, {"name": "Third"})
    assert teams() == ["Engines", "Other", "Third"]
    assert len(rows()) == 1


def test_the_document_names_the_header_where_it_counts(app):
    for _ in range(2):
        document = app.openapi()
    taking = {
        path
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if {"$ref": "#/components/parameters/IdempotencyKey"} in operation.get("parameters", []) and method == "post"
    }
    posts = {path for path, operations in document["paths"].items() if "post" in operations}
    assert taking == {path for path in posts if "/auth/" not in path and not path.startswith("/webhooks/")}
    assert taking >= {"/api/v1/teams", "/api/v1/deployments/{deployment_id}/cancellation"}
    references = str(document["paths"]).count("parameters/IdempotencyKey")
    assert references == len(taking)
    assert document["components"]["parameters"]["IdempotencyKey"]["name"] == "Idempotency-Key"

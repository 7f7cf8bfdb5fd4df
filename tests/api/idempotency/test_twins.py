"""Two of the same request at the same time, and the first one failing or dying meanwhile."""

import asyncio
import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import anyio.to_thread
import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlmodel import select
from tests.api.idempotency.conftest import ENGINES, KEY, TEAMS, replayed, send, stopped

from spaceport import errors
from spaceport.accounts.model import Team


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

import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from spaceport.db import connection as connections
from spaceport.db import faults, url
from spaceport.db.database import Database
from spaceport.errors import Unavailable

LOCK = re.compile(r"with_for_update|FOR (NO KEY )?UPDATE(?!`)\b")
DEFER = text(
    """SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(
         :queue, :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL
       )]::procrastinate_job_to_defer_v1[]))[1]"""
)


@pytest.fixture
def shelf(database: Database) -> Database:
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE book (id int PRIMARY KEY, title text UNIQUE CHECK (title <> ''))"))
    return database


def titles(database: Database) -> list[str]:
    with database.unit_of_work() as session:
        return list(session.execute(text("SELECT title FROM book ORDER BY id")).scalars())


def test_a_unit_of_work_commits_at_its_end(shelf: Database) -> None:
    with shelf.unit_of_work() as session:
        session.execute(text("INSERT INTO book VALUES (1, 'Emma')"))
    assert titles(shelf) == ["Emma"]


def test_of_two_that_wait_for_each_other_one_is_told_to_come_again(shelf: Database) -> None:
    with shelf.unit_of_work() as session:
        session.execute(text("INSERT INTO book VALUES (1, 'Emma'), (2, 'Persuasion')"))
    both_hold_one, told = threading.Barrier(2), []

    def change(first: int, second: int) -> None:
        try:
            with shelf.unit_of_work() as session:
                session.execute(
                    text("UPDATE book SET title = :title WHERE id = :id"), {"title": f"{first}", "id": first}
                )
                both_hold_one.wait(20)
                session.execute(
                    text("UPDATE book SET title = :title WHERE id = :id"), {"title": f"{first}b", "id": second}
                )
        except Unavailable as error:
            told.append(error)

    threads = [threading.Thread(target=change, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [(error.code, error.retry_after) for error in told] == [("database_busy", 1)]
    assert titles(shelf) in (["1", "1b"], ["2b", "2"])


def test_a_locked_row_can_still_be_referred_to() -> None:
    """Otherwise everybody who inserts waits for everybody who decides, until two wait for each other."""
    sources = [path.read_text() for path in (Path(__file__).parents[2] / "src" / "spaceport").rglob("*.py")]
    locks = [line.strip() for source in sources for line in source.splitlines() if LOCK.search(line)]
    assert locks
    assert [line for line in locks if "key_share" not in line and "NO KEY" not in line] == []


def test_a_unit_of_work_rolls_back_whatever_is_raised_inside(shelf: Database) -> None:
    def leave_in_the_middle() -> None:
        with shelf.unit_of_work() as session:
            session.execute(text("INSERT INTO book VALUES (1, 'Emma')"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave_in_the_middle()
    assert titles(shelf) == []


def test_the_session_speaks_utc(database: Database) -> None:
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT now()")).scalar_one().utcoffset() == timedelta(0)
        assert session.execute(text("SELECT current_setting('timezone')")).scalar_one() == "UTC"


@pytest.mark.parametrize(
    ("statement", "code", "name"),
    [
        ("INSERT INTO book VALUES (2, 'Emma')", faults.UNIQUE_VIOLATION, "book_title_key"),
        ("INSERT INTO book VALUES (2, '')", faults.CHECK_VIOLATION, "book_title_check"),
        ("SELECT * FROM nothing", "42P01", None),
    ],
)
def test_a_fault_is_known_by_its_code_and_constraint(
    shelf: Database, statement: str, code: str, name: str | None
) -> None:
    with shelf.unit_of_work() as session:
        session.execute(text("INSERT INTO book VALUES (1, 'Emma')"))
    with pytest.raises(DBAPIError) as caught, shelf.unit_of_work() as session:
        session.execute(text(statement))
    assert (faults.sqlstate(caught.value), faults.constraint(caught.value)) == (code, name)


def test_a_job_deferred_in_a_unit_of_work_lives_and_dies_with_it(database: Database) -> None:
    def defer(lock: str) -> None:
        with database.unit_of_work() as session:
            arguments = {"queue": "deploy", "task": "push", "lock": lock, "args": json.dumps({"id": "dep_1"})}
            session.execute(DEFER, arguments).scalar_one()
            if lock == "space:lost":
                raise LookupError

    defer("space:kept")
    with pytest.raises(LookupError):
        defer("space:lost")
    with database.unit_of_work() as session:
        jobs = session.execute(text("SELECT lock, status::text, args FROM procrastinate_jobs")).all()
    assert jobs == [("space:kept", "todo", {"id": "dep_1"})]


def test_an_exception_holds_no_parameters(shelf: Database) -> None:
    with pytest.raises(DBAPIError) as caught, shelf.unit_of_work() as session:
        session.execute(text("SELECT CAST(:word AS text) FROM nothing"), {"word": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_the_job_engines_driver_reaches_the_same_database(shelf: Database, database_url: str) -> None:
    with psycopg.connect(url.conninfo(database_url)) as connection:
        connection.execute("INSERT INTO book VALUES (1, 'Emma')")
    assert titles(shelf) == ["Emma"]


def test_a_full_pool_is_unavailable_after_its_time_limit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_url, pool_size=1)
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.01)
    with database.unit_of_work() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable) as caught, database.unit_of_work() as second:
            second.execute(text("SELECT 1"))
    assert (caught.value.code, caught.value.retry_after) == ("database_unavailable", 5)
    database.close()


def test_a_connection_lost_in_the_middle_is_unavailable_and_the_next_unit_of_work_is_fine(
    shelf: Database, database_url: str
) -> None:
    other = Database(database_url, pool_size=1)

    def lose_the_connection() -> None:
        with shelf.unit_of_work() as session:
            session.execute(text("INSERT INTO book VALUES (1, 'Emma')"))
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with other.unit_of_work() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            session.execute(text("INSERT INTO book VALUES (2, 'Persuasion')"))

    with pytest.raises(Unavailable, match="was lost"):
        lose_the_connection()
    other.close()
    assert titles(shelf) == []


def test_a_query_may_take_longer_than_the_connect_timeout(database_url: str) -> None:
    database = Database(f"{database_url}&connect_timeout=1", pool_size=1)
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT 1 FROM pg_sleep(1.1)")).scalar_one() == 1
    database.close()


@pytest.fixture
def mute() -> Iterator[tuple[str, int]]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


@pytest.fixture
def web_server() -> Iterator[tuple[str, int]]:
    """A port that answers, but not as Postgres does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(2):
                with server.accept()[0] as client:
                    client.recv(1024)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()
        for _ in range(2):
            socket.create_connection(server.getsockname()).close()
        thread.join()


@pytest.mark.parametrize("peer", ["mute", "web_server"])
@pytest.mark.parametrize("mode", ["disable", "require"])
def test_a_peer_that_is_no_postgres_is_unavailable(peer: str, mode: str, request: pytest.FixtureRequest) -> None:
    host, port = request.getfixturevalue(peer)
    address = url.parse(f"postgresql://ada:secret@{host}:{port}/app?sslmode={mode}&connect_timeout=1")
    with pytest.raises(Unavailable) as caught:
        connections.connect(address)
    assert f"Postgres at 127.0.0.1:{port} cannot be reached" in caught.value.message
    assert "secret" not in caught.value.message


def test_a_refusal_is_told_in_the_servers_words(database_url: str) -> None:
    missing = database_url.replace("@/test_", "@/missing_")
    with (
        pytest.raises(Unavailable, match=r"does not exist \(3D000\)"),
        Database(missing).unit_of_work() as session,
    ):
        session.execute(text("SELECT 1"))

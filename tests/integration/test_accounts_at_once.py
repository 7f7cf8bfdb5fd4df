"""Two transactions over the same account, with the first still open while the second runs."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text

from spaceport import clock, errors
from spaceport.accounts import registration, sign_in, teams
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import MemberCreate, Registration, Role
from spaceport.accounts.tokens import AccessTokens
from spaceport.db.database import Database

TOKENS = AccessTokens("a secret for tests, of enough characters")
PASSWORD = "correct horse battery"


def register(database: Database, name: str) -> str:
    with database.unit_of_work() as session:
        wanted = Registration(email=f"{name}@example.org", name=name, password=PASSWORD)
        return registration.register(session, wanted).user.id


def until_it_waits_or_ends(database: Database, second: Future) -> None:
    deadline = time.monotonic() + 20
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not second.done() and time.monotonic() < deadline:
        with database.unit_of_work() as session:
            if session.execute(waiting).scalar_one():
                return
    assert second.done()


def test_a_refresh_token_sent_while_it_is_being_used_counts_as_reused(database):
    register(database, "ada")
    with database.unit_of_work() as session:
        client = sign_in.Client(address="127.0.0.1", user_agent="")
        begun = sign_in.with_password(session, TOKENS, email="ada@example.org", password=PASSWORD, client=client)

    def refresh():
        with database.unit_of_work() as session:
            return sign_in.refresh(session, TOKENS, begun.refresh_token)

    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            first = sign_in.refresh(session, TOKENS, begun.refresh_token)
            session.flush()
            second = pool.submit(refresh)
            until_it_waits_or_ends(database, second)
        refusal = second.result(20)
    assert isinstance(first, sign_in.SignedIn)
    assert isinstance(refusal, errors.Unauthorized)
    assert refusal.code == "refresh_token_reused"


def test_of_two_owners_who_leave_at_once_one_stays(database):
    ada, bob = (register(database, name) for name in ("ada", "bob"))
    with database.unit_of_work() as session:
        team_id = teams.create(session, owner_id=ada, name="Engines").id
    callers = [
        Caller(
            user_id=user_id,
            email="",
            name="",
            session_id="",
            used_at=clock.now(),
            teams={team_id: Role.OWNER},
            default_team_id=team_id,
        )
        for user_id in (ada, bob)
    ]
    with database.unit_of_work() as session:
        teams.add_member(session, callers[0], team_id, MemberCreate(email="bob@example.org", role=Role.OWNER))

    def leave(caller):
        with database.unit_of_work() as session:
            teams.remove_member(session, caller, team_id, caller.user_id)

    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            teams.remove_member(session, callers[0], team_id, ada)
            session.flush()
            second = pool.submit(leave, callers[1])
            until_it_waits_or_ends(database, second)
        with pytest.raises(errors.Conflict) as refusal:
            second.result(20)
    assert refusal.value.code == "last_owner"

"""Taking a key, marking that its request acted, and keeping the answer."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Insert, Select, Update, and_, delete, event, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from spaceport import clock, ids
from spaceport.errors import Conflict, Invalid
from spaceport.idempotency.model import Answer, IdempotentRequest

KEPT_FOR = timedelta(hours=24)
# Nearly every request is answered within it. One that is not loses its key only to a twin that comes later, and
# then its effect too.
LEASE = timedelta(minutes=1)

_MARKED = "idempotent_request_marked"

_id, _run_id = col(IdempotentRequest.id), col(IdempotentRequest.run_id)
_acted = col(IdempotentRequest.acted)
# Without waiting for locked rows: two callers could otherwise hold what the other waits for.
_FORGET = text("""
    DELETE FROM idempotent_request WHERE id IN (
        SELECT id FROM idempotent_request WHERE expires_at <= :now LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED
    )
""")


@dataclass(frozen=True)
class Run:
    """The right to carry out a request, for as long as no other run has taken its key."""

    request: str
    id: str


_current: ContextVar[Run | None] = ContextVar("idempotent_run", default=None)


def begin(session: Session, *, user_id: str, route: str, key: str, fingerprint: str) -> Run | Answer:
    """Take the key, or get the answer that is kept under it. Commit before the request runs.

    Raises Invalid `idempotency_key_reused` for another request under the same key, Conflict `idempotency_key_in_use`
    while the first one runs, Conflict `idempotency_answer_lost` when that one acted and its answer is not kept.
    """
    now = clock.now()
    run = Run(_hash(user_id, key, route), ids.new("run"))
    taken = {
        "fingerprint": fingerprint,
        "run_id": run.id,
        "acted": False,
        "lease_until": now + LEASE,
        "expires_at": now + KEPT_FOR,
        "status": None,
        "headers": None,
        "body": None,
    }
    # Look first: an insert would wait for a run that is just acting, `ON CONFLICT DO NOTHING` or not.
    found = session.get(IdempotentRequest, run.request)
    if found is None:
        statement: Insert | Update = insert(IdempotentRequest).values(id=run.request, **taken).on_conflict_do_nothing()
    else:
        if found.expires_at > now and (answer := _kept(found, fingerprint, now)) is not None:
            return answer
        statement = update(IdempotentRequest).where(_id.in_(_abandoned(run, now))).values(taken)
    if session.execute(statement.returning(_id)).first() is None:
        raise _in_use()
    session.execute(_FORGET, {"now": now})
    return run


@contextmanager
def running(run: Run) -> Iterator[None]:
    """Every unit of work that writes something within this block, in its threads too, is marked as the run's."""
    reset = _current.set(run)
    try:
        yield
    finally:
        _current.reset(reset)


def keep(session: Session, run: Run, answer: Answer | None) -> None:
    """The request succeeded. Without an answer nobody can have it again, and no twin can act."""
    kept = {"status": answer.status, "headers": answer.headers, "body": answer.body} if answer else {}
    session.execute(_held(run).values(acted=True, lease_until=clock.now(), **kept))


def release(session: Session, run: Run) -> None:
    """The request failed: its key is free again, unless it acted all the same."""
    session.execute(delete(IdempotentRequest).where(_id == run.request, _run_id == run.id, _acted.is_(False)))
    session.execute(_held(run).values(lease_until=clock.now()))


def _hash(user_id: str, key: str, route: str) -> str:
    """Of a fixed length whatever was sent, and no list of keys. Only the last of the three may hold a newline."""
    return hashlib.sha256(f"{user_id}\n{key}\n{route}".encode()).hexdigest()


def _kept(found: IdempotentRequest, fingerprint: str, now: datetime) -> Answer | None:
    if found.fingerprint != fingerprint:
        raise Invalid(
            "This Idempotency-Key was sent with another request.",
            code="idempotency_key_reused",
            fix="Use a new key for a new request; send the very same bytes to repeat one.",
        )
    if found.status is not None:
        return Answer(found.status, found.headers or {}, found.body or b"")
    if found.lease_until > now:
        raise _in_use()
    if found.acted:
        raise Conflict(
            "The request with this Idempotency-Key was carried out, but its answer is not kept.",
            code="idempotency_answer_lost",
            fix="Look at what it made or changed before sending it again under a new key.",
        )
    return None


def _abandoned(run: Run, now: datetime) -> Select[str]:
    """The row, if it is nobody's: too old, or of a run that stopped before it acted. A locked one is acting."""
    stopped = and_(_acted.is_(False), col(IdempotentRequest.lease_until) <= now)
    free = or_(col(IdempotentRequest.expires_at) <= now, stopped)
    return select(_id).where(_id == run.request, free).with_for_update(key_share=True, skip_locked=True)


def _held(run: Run) -> Update:
    return update(IdempotentRequest).where(_id == run.request, _run_id == run.id)


def _in_use() -> Conflict:
    return Conflict(
        "A request with this Idempotency-Key is still running.",
        code="idempotency_key_in_use",
        fix="Send the same request again after a moment to get its answer.",
        retry_after=1,
    )


@event.listens_for(Session, "before_flush")
def _mark(session: Session, _flush: object, _instances: object) -> None:
    """Puts the mark into the transaction that has the effect; refuses the effect of a run that lost its key."""
    run = _current.get()
    if run is None or _MARKED in session.info:
        return
    if session.connection().execute(_held(run).values(acted=True)).rowcount != 1:
        raise _in_use()
    session.info[_MARKED] = True

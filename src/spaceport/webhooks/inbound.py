"""Receiving a delivery: verified, deduplicated, decided and written down in one transaction."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from spaceport import clock
from spaceport.db import faults
from spaceport.deployments.slot import Limits
from spaceport.errors import NotFound, Unauthorized
from spaceport.instance import Instance
from spaceport.spaces import repositories
from spaceport.webhooks import decide, payloads, signatures
from spaceport.webhooks.model import Decision, Delivery, Status
from spaceport.webhooks.payloads import Push, Said
from spaceport.webhooks.providers import HEADERS, KEPT, Provider, first

MAX_BODY = 5 * 1024 * 1024
_KEPT_PAYLOAD = 16 * 1024
_KEPT_FILES = 1000

_NO_HOOK = "It was deleted, or the address is another one: create a hook, and give the host its address."

_HOOK = text("""
    SELECT id, team_id, repository, sealed_secret, verified_at,
        (SELECT delivery.id FROM delivery WHERE hook_id = hook.id AND key = :key) AS seen
    FROM hook WHERE id = :id AND provider = :provider AND deleted_at IS NULL
""")
_FORGED = text("UPDATE hook SET forged_count = forged_count + 1, forged_at = :now WHERE id = :id")
_VERIFIED = text("UPDATE hook SET verified_at = :now WHERE id = :id AND verified_at IS NULL")
_SEEN = text("SELECT id FROM delivery WHERE hook_id = :id AND key = :key")


@dataclass(frozen=True, slots=True)
class Receipt:
    """`duplicate`: this delivery was here before; `delivery_id` is what it was then."""

    delivery_id: str
    status: Status | None
    reason: str
    duplicate: bool = False


def receive(instance: Instance, provider: Provider, hook_id: str, headers: Mapping[str, str], body: bytes) -> Receipt:
    """Header names in lower case, the body as it came.

    Raises NotFound `hook_not_found`, Unauthorized `delivery_refused` for one that does not prove where it is from:
    of those nothing is kept but their number.
    """
    key = first(headers, HEADERS[provider].delivery) or hashlib.sha256(body).hexdigest()
    try:
        with instance.database.unit_of_work() as session:
            hook = session.execute(_HOOK, {"id": hook_id, "provider": provider.value, "key": key}).first()
            if hook is None:
                raise NotFound("There is no such hook.", code="hook_not_found", fix=_NO_HOOK)
            secret = instance.sealer.open(hook.sealed_secret, context=f"hook:{hook.id}:secret")
            refused = signatures.refusal(provider, headers, body, secret, now=time.time())
            if refused is None:
                return _take(session, Limits.of(instance.settings), provider, hook, key, headers, body, secret)
            session.execute(_FORGED, {"id": hook.id, "now": clock.now()})
    except DBAPIError as error:
        if faults.constraint(error) != "uq_delivery_key":
            raise
        # The same delivery, at the same time: the other one has done it all.
        with instance.database.unit_of_work() as session:
            return _duplicate(session.execute(_SEEN, {"id": hook_id, "key": key}).scalar_one())
    raise Unauthorized(refused, code="delivery_refused", fix="Give the hook on the host the secret that it has here.")


def as_stored(push: Push) -> dict[str, Any]:
    """A push as it is kept with its delivery: a list of files too long for that has to be asked of Git again."""
    files = sorted(push.files) if push.files is not None and len(push.files) <= _KEPT_FILES else None
    return asdict(push) | {"files": files}


def as_push(stored: Mapping[str, Any]) -> Push:
    files = stored["files"]
    return Push(**{**stored, "files": None if files is None else frozenset(files)})


def _take(  # noqa: PLR0913, PLR0917 - what came, as it came
    session: Session,
    limits: Limits,
    provider: Provider,
    hook: Row[Any],
    key: str,
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
) -> Receipt:
    if hook.seen is not None:
        return _duplicate(hook.seen)
    said = payloads.read(provider, headers, body)
    delivery = Delivery(
        team_id=hook.team_id,
        hook_id=hook.id,
        provider=provider,
        key=key,
        event=said.event,
        repository=said.repository,
        status=Status.IGNORED,
        reason="",
        headers={name: headers[name][:500] for name in sorted(KEPT & headers.keys())},
        pushes=[as_stored(push) for push in said.pushes],
        payload=_shown(said, body, secret),
        payload_bytes=len(body),
    )
    decisions = _decide(session, limits, delivery, hook.repository, said)
    if hook.verified_at is None:
        session.execute(_VERIFIED, {"id": hook.id, "now": clock.now()})
    if delivery.status is Status.DECIDING:
        delivery.decide_after = clock.now()
    decide.keep(session, delivery, decisions)
    return Receipt(delivery.id, delivery.status, delivery.reason)


def _decide(session: Session, limits: Limits, delivery: Delivery, repository: str, said: Said) -> list[Decision]:
    expected = repositories.path(repository)
    if said.repository is not None and said.repository.lower() != expected:
        delivery.reason = f"ignored: it is about {said.repository}, and this hook is for {expected}"
    elif said.ping:
        delivery.status, delivery.reason = Status.PING, "The host has found the way here: the hook is set up."
    elif said.why:
        delivery.reason = f"ignored: {said.why[0].lower()}{said.why[1:].rstrip('.')}"
    else:
        return decide.decide(session, limits, delivery, repository, said.pushes)
    return []


def _shown(said: Said, body: bytes, secret: str) -> str:
    """The payload without what older hosts put into it: the secret."""
    if "secret" in said.document:
        shown = json.dumps({**said.document, "secret": "***"})
    else:
        shown = body[: 2 * _KEPT_PAYLOAD].decode(errors="replace")
    return shown.replace("\0", "").replace(secret, "***")[:_KEPT_PAYLOAD]


def _duplicate(delivery_id: str) -> Receipt:
    reason = f"This delivery came before, as {delivery_id}; nothing more is done."
    return Receipt(delivery_id, None, reason, duplicate=True)

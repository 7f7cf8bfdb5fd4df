"""Sealing everything that is stored with the newest key. In one transaction: with a wrong key nothing changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, SQLModel, col, func, select

from spaceport import keys
from spaceport.configuration import versions
from spaceport.configuration.model import Version
from spaceport.db.database import Database
from spaceport.errors import SpaceportError, Unavailable
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_accounts.model import HubAccount
from spaceport.keys import file
from spaceport.sealing import Sealer
from spaceport.settings import Settings
from spaceport.spaces.model import Space
from spaceport.webhooks.model import Hook

# The newest and the one before: a process that was just starting may have read the file a moment too early.
_KEPT = 2


@dataclass(frozen=True)
class Sealed:
    """A column of sealed values, and what the value of a row is bound to."""

    model: type[SQLModel]
    column: str
    context: Callable[[Any], str]


# Spaces first: whoever locks several of these rows begins with a space.
SEALED = (
    Sealed(Space, "sealed_source_token", lambda space: space.source_token_context),
    Sealed(HubAccount, "sealed_token", hub_accounts.context),
    Sealed(Hook, "sealed_secret", lambda hook: hook.secret_context),
    Sealed(Version, "sealed_value", lambda version: versions.context(version.id)),
)


def check(sealer: Sealer, database: Database) -> None:
    """Before anything is sealed with another key beside what is stored.

    Raises `errors.Unavailable` where something is stored and these keys sealed none of it. Where they sealed a part,
    that part is of use: what does not open says so when it is needed.
    """
    foreign = None
    with database.unit_of_work() as session:
        for sealed in SEALED:
            column = col(getattr(sealed.model, sealed.column))
            key_id = func.split_part(column, ".", 2)
            any_of_them = select(key_id).where(column.is_not(None)).limit(1)
            if session.exec(any_of_them.where(key_id.in_(sealer.key_ids))).first() is not None:
                return
            foreign = foreign or session.exec(any_of_them).first()
    if foreign is not None:
        raise Unavailable(
            f"What is stored here was sealed with the key {foreign}, and none of the keys given has sealed any of it.",
            code="sealing_key_unknown",
            fix="Start with the SEALING_KEY of this database, or with the keys.json that was beside the embedded one.",
        )


def rotate(settings: Settings, database: Database) -> int:
    """The number of values that were sealed anew.

    Where the key is generated, a new one is made: written to its file before anything is sealed with it, and the old
    ones are forgotten after nothing is any more. Interrupted anywhere, it is simply done again.
    Raises `errors.Unavailable` or `errors.Conflict` for a value that does not open; nothing is changed then.
    """
    generated = settings.embedded and settings.sealing_key is None
    if generated:
        with database.unit_of_work() as session:
            for _ in _opened(session, _sealer(settings)):
                pass
        file.add_sealing_key(settings.data_dir)
    with database.unit_of_work() as session:
        count = _seal_anew(session, _sealer(settings))
    if generated:
        file.forget_sealing_keys(settings.data_dir, but=_KEPT)
    return count


def _sealer(settings: Settings) -> Sealer:
    return Sealer(keys.load(settings).sealing)


def _seal_anew(session: Session, sealer: Sealer) -> int:
    count = 0
    for row, sealed, value in _opened(session, sealer):
        if not sealer.newest(getattr(row, sealed.column)):
            setattr(row, sealed.column, sealer.seal(value, context=sealed.context(row)))
            session.add(row)
            count += 1
    return count


def _opened(session: Session, sealer: Sealer) -> Iterator[tuple[Any, Sealed, str]]:
    for sealed in SEALED:
        column = col(getattr(sealed.model, sealed.column))
        statement = select(sealed.model).where(column.is_not(None)).order_by("id").with_for_update(key_share=True)
        for row in session.exec(statement).all():
            yield row, sealed, _open(sealer, sealed, row)


def _open(sealer: Sealer, sealed: Sealed, row: Any) -> str:
    try:
        return sealer.open(getattr(row, sealed.column), context=sealed.context(row))
    except SpaceportError as error:
        raise type(error)(
            f"{sealed.column} of {row.id}: {error.message} Nothing was changed.", code=error.code, fix=error.fix
        ) from None

"""Many rows in one statement: the driver would send them one by one."""

import json
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session, SQLModel


def insert(session: Session, *tables: Sequence[SQLModel]) -> None:
    """Insert the rows of one table after another; a later table may refer to rows of an earlier one.

    What the database fills in by itself (identities, and server defaults where the first row has no value) is left
    to it. The rows stay outside the session.
    """
    filled = [rows for rows in tables if rows]
    if not filled:
        return
    inserts = [_insert(rows[0], number) for number, rows in enumerate(filled)]
    *others, last = inserts
    first = ", ".join(f"part_{number} AS ({each})" for number, each in enumerate(others))
    values = {
        f"rows_{number}": json.dumps([row.model_dump(mode="json") for row in rows])
        for number, rows in enumerate(filled)
    }
    session.execute(text(f"WITH {first} {last}" if first else last), values)


def _insert(example: SQLModel, number: int) -> str:
    table = example.__class__.__table__  # type: ignore[attr-defined]
    given = [
        column.name
        for column in table.columns
        if column.server_default is None or (column.identity is None and getattr(example, column.name) is not None)
    ]
    columns = ", ".join(given)
    return (
        f"INSERT INTO {table.name} ({columns})"  # noqa: S608 - names of our own models
        f" SELECT {columns} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows_{number} AS jsonb))"
    )

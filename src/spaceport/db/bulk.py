"""Many rows in one statement: the driver would send them one by one."""

import json
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session, SQLModel


def insert(session: Session, *tables: Sequence[SQLModel], leave_out: frozenset[str] = frozenset()) -> None:
    """Insert the rows of one table after another; `leave_out` names the columns that the database fills in.

    A later table may refer to rows of an earlier one. The rows stay outside the session.
    """
    filled = [rows for rows in tables if rows]
    if not filled:
        return
    inserts = [_insert(rows[0], number, leave_out) for number, rows in enumerate(filled)]
    *others, last = inserts
    first = ", ".join(f"part_{number} AS ({each})" for number, each in enumerate(others))
    values = {
        f"rows_{number}": json.dumps([row.model_dump(mode="json") for row in rows])
        for number, rows in enumerate(filled)
    }
    session.execute(text(f"WITH {first} {last}" if first else last), values)


def _insert(example: SQLModel, number: int, leave_out: frozenset[str]) -> str:
    table = example.__class__.__table__  # type: ignore[attr-defined]
    columns = ", ".join(column.name for column in table.columns if column.name not in leave_out)
    return (
        f"INSERT INTO {table.name} ({columns})"  # noqa: S608 - names of our own models
        f" SELECT {columns} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows_{number} AS jsonb))"
    )

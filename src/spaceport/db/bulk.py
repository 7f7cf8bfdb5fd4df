"""Many rows in one statement: the driver would send them one by one."""

import json
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session, SQLModel


def insert(session: Session, rows: Sequence[SQLModel], *, leave_out: frozenset[str] = frozenset()) -> None:
    """Insert rows of one table; `leave_out` names the columns that the database fills in.

    The rows stay outside the session.
    """
    if not rows:
        return
    table = rows[0].__class__.__table__  # type: ignore[attr-defined]
    columns = ", ".join(column.name for column in table.columns if column.name not in leave_out)
    values = json.dumps([row.model_dump(mode="json") for row in rows])
    session.execute(
        text(
            f"INSERT INTO {table.name} ({columns})"  # noqa: S608 - names of our own models
            f" SELECT {columns} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows AS jsonb))"
        ),
        {"rows": values},
    )

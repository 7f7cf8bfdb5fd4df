"""Postgres: where it is, how to reach it, one unit of work, its schema, and the embedded one.

Constraints and indexes get the names Postgres itself would give them, so that the model, a hand-written
migration and `faults.constraint` agree. Checks have no such rule: their model names them.
"""

from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}

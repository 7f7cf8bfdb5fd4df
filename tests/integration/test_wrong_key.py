"""A process that was given another key than the one that is in use says so before it seals anything."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import select
from tests.integration.test_rotation import Store, given, key, sealer

from spaceport import errors, main, rotation
from spaceport.db.database import Database
from spaceport.hub_accounts.model import HubAccount
from spaceport.main import Store as Place


def test_neither_server_nor_worker_starts_with_another_key(tmp_path: Path, database: Database, database_url) -> None:
    Store(database).fill(sealer(given(tmp_path, key())))
    settings, place = given(tmp_path, key()), Place(database_url, None)
    for start in (lambda: main.create_app(settings, place), lambda: asyncio.run(main.work(settings, place))):
        with pytest.raises(errors.Unavailable) as refusal:
            start()
        assert refusal.value.code == "sealing_key_unknown"
        assert "SEALING_KEY" in refusal.value.fix


@pytest.mark.parametrize("order", ["old,new", "new,old"])
def test_with_the_key_in_use_among_them_it_starts(tmp_path: Path, database: Database, order: str) -> None:
    keys = {"old": key(), "new": key()}
    Store(database).fill(sealer(given(tmp_path, keys["old"])))
    rotation.check(sealer(given(tmp_path, *(keys[name] for name in order.split(",")))), database)


def test_where_nothing_is_stored_any_key_will_do(tmp_path: Path, database: Database) -> None:
    rotation.check(sealer(given(tmp_path, key())), database)


def test_what_was_sealed_with_a_lost_key_does_not_keep_the_rest_from_use(tmp_path: Path, database: Database) -> None:
    kept, lost = (sealer(given(tmp_path, key())) for _ in range(2))
    Store(database).fill(kept)
    with database.unit_of_work() as session:
        session.exec(select(HubAccount)).one().sealed_token = lost.seal("hf_x", context="x")
    rotation.check(kept, database)

"""A new sealing key: everything opens with it afterwards, and nothing is lost wherever it is interrupted."""

import base64
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import SQLModel, select

from spaceport import cli, errors, keys, rotation
from spaceport.accounts.model import Team
from spaceport.configuration import versions
from spaceport.configuration.model import Kind, Version
from spaceport.db.database import Database
from spaceport.db.embedded import Embedded
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_accounts.model import HubAccount
from spaceport.keys import file
from spaceport.sealing import Sealer
from spaceport.settings import Settings
from spaceport.spaces.model import Sdk, Space, Visibility
from spaceport.webhooks.model import Hook, Provider

VALUE = "hidden"


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def generated(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder, database_url=None)


def given(folder: Path, *sealing: str) -> Settings:
    return Settings(
        _env_file=None, data_dir=folder, jwt_secret=secrets.token_urlsafe(48), sealing_key=",".join(sealing)
    )


def sealer(settings: Settings) -> Sealer:
    return Sealer(keys.load(settings).sealing)


class Store:
    """One row of each table that holds something sealed."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def fill(self, key: Sealer) -> None:
        with self.database.unit_of_work() as session:
            team = Team(slug="t", name="t", personal=False)
            session.add(team)
            session.flush()
            common = {"team_id": team.id, "endpoint": "http://hub"}
            account = HubAccount(origin="stored", name="a", plan="pro", token_role="write", **common)
            account.sealed_token = key.seal(VALUE, context=hub_accounts.context(account))
            session.add(account)
            session.flush()
            looks = {"sdk": Sdk.DOCKER, "visibility": Visibility.PUBLIC}
            space = Space(hub_account_id=account.id, owner="acme", name="demo", **looks, **common)
            space.sealed_source_token = key.seal(VALUE, context=space.source_token_context)
            session.add(space)
            hook = Hook(team_id=team.id, provider=Provider.GITHUB, repository="acme/app", sealed_secret="")
            hook.sealed_secret = key.seal(VALUE, context=hook.secret_context)
            session.add(hook)
            session.flush()
            for number in range(1, 3):
                version = Version(space_id=space.id, kind=Kind.SECRET, key="TOKEN", version=number)
                versions.give(version, key, VALUE)
                session.add(version)
            session.add(Version(space_id=space.id, kind=Kind.VARIABLE, key="COLOR", version=1, value="red"))

    def sealed(self) -> list[str]:
        with self.database.unit_of_work() as session:
            return [
                getattr(row, each.column)
                for each in rotation.SEALED
                for row in session.exec(select(each.model).order_by("id"))
                if getattr(row, each.column) is not None
            ]

    def opened(self, key: Sealer) -> list[str]:
        with self.database.unit_of_work() as session:
            return [value for _, _, value in rotation._opened(session, key)]


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def test_every_sealed_column_is_rotated() -> None:
    columns = {
        (table.name, column.name)
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if column.name.startswith("sealed")
    }
    assert columns == {(each.model.__tablename__, each.column) for each in rotation.SEALED}


def test_with_keys_from_the_environment_everything_is_sealed_with_the_first(tmp_path: Path, store: Store) -> None:
    old, new = key(), key()
    store.fill(sealer(given(tmp_path, old)))
    settings = given(tmp_path, new, old)
    assert rotation.rotate(settings, store.database) == 5
    alone = sealer(given(tmp_path, new))
    assert store.opened(alone) == [VALUE] * 5
    assert all(alone.newest(each) for each in store.sealed())
    assert rotation.rotate(settings, store.database) == 0


def test_a_wrong_key_fails_loudly_and_changes_nothing(tmp_path: Path, store: Store) -> None:
    old = key()
    store.fill(sealer(given(tmp_path, old)))
    before = store.sealed()
    with pytest.raises(errors.Unavailable) as refusal:
        rotation.rotate(given(tmp_path, key(), key()), store.database)
    assert refusal.value.code == "sealing_key_unknown"
    assert "sealed_source_token of space_" in refusal.value.message
    assert VALUE not in f"{refusal.value} {refusal.value.message}"
    assert store.sealed() == before


def test_one_value_that_does_not_open_keeps_all_of_them_as_they_are(tmp_path: Path, store: Store) -> None:
    old, new = key(), key()
    store.fill(sealer(given(tmp_path, old)))
    with store.database.unit_of_work() as session:
        version = session.exec(select(Version).where(Version.version == 2)).one()
        version.sealed_value = (version.sealed_value or "")[:-6] + "AAAAAA"
        session.add(version)
    before = store.sealed()
    with pytest.raises(errors.Conflict, match="sealed_value of cfg_"):
        rotation.rotate(given(tmp_path, new, old), store.database)
    assert store.sealed() == before


def test_a_generated_key_is_replaced_and_the_one_before_it_is_kept(tmp_path: Path, store: Store) -> None:
    settings = generated(tmp_path)
    first = keys.load(settings)
    store.fill(sealer(settings))
    for _ in range(3):
        assert rotation.rotate(settings, store.database) == 5
    last = keys.load(settings)
    assert len(last.sealing) == 2
    assert first.sealing[0] not in last.sealing
    assert last.jwt_secret == first.jwt_secret
    assert store.opened(Sealer(last.sealing[:1])) == [VALUE] * 5
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_with_a_wrong_generated_key_its_file_stays_as_it_is(tmp_path: Path, store: Store) -> None:
    store.fill(sealer(given(tmp_path, key())))
    settings = generated(tmp_path)
    keys.load(settings)
    before = (tmp_path / "keys.json").read_text(), store.sealed()
    with pytest.raises(errors.Unavailable):
        rotation.rotate(settings, store.database)
    assert ((tmp_path / "keys.json").read_text(), store.sealed()) == before


@pytest.mark.parametrize("at", ["writing the key", "sealing", "committing", "forgetting"])
def test_interrupted_anywhere_everything_opens_and_it_can_be_done_again(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    settings = generated(tmp_path)
    store.fill(sealer(settings))

    def die(*_arguments, **_options):
        raise KeyboardInterrupt

    place = {
        "writing the key": (Path, "replace"),
        "sealing": (Sealer, "seal"),
        "committing": (rotation, "_seal_anew"),
        "forgetting": (file, "forget_sealing_keys"),
    }[at]
    with monkeypatch.context() as patch:
        patch.setattr(*place, die)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(settings, store.database)
    assert store.opened(sealer(settings)) == [VALUE] * 5
    assert rotation.rotate(settings, store.database) == 5
    assert store.opened(Sealer(keys.load(settings).sealing[:1])) == [VALUE] * 5
    assert len(keys.load(settings).sealing) == 2


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Not below pytest's own folders: these are closed to the account that runs Postgres for root."""
    folder = Path(tempfile.mkdtemp(prefix="spaceport-rotate-"))
    for name in ("DATABASE_URL", "SEALING_KEY", "JWT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.chdir(folder)
    yield folder
    shutil.rmtree(folder)


def test_the_command_refuses_while_spaceport_runs_there_and_says_what_it_did_otherwise(home: Path) -> None:
    running = Embedded(home, durable=False)
    running.start()
    try:
        refused = CliRunner().invoke(cli.main, ["rotate-key"])
    finally:
        running.stop()
    assert refused.exit_code == 1
    assert "Stop it, rotate the key" in refused.output
    assert not (home / "keys.json").exists()
    done = CliRunner().invoke(cli.main, ["rotate-key"])
    assert done.exit_code == 0, done.output
    assert "0 stored values" in done.output
    assert len(keys.load(generated(home)).sealing) == 2

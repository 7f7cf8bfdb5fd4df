import base64
import json
import multiprocessing
import os
import secrets
import stat
from pathlib import Path

import pytest

from spaceport import errors, keys
from spaceport.settings import Settings

GOOD_JWT_SECRET = secrets.token_urlsafe(48)
GOOD_SEALING_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


def embedded(data_dir: Path, **given: str) -> Settings:
    return Settings(_env_file=None, data_dir=data_dir, database_url=None, **given)


def with_database_url(**given: str) -> Settings:
    return Settings(_env_file=None, database_url="postgresql://db.example/app", **given)


def test_embedded_keys_are_generated_once_and_read_again(tmp_path):
    first = keys.load(embedded(tmp_path / "data"))
    assert keys.load(embedded(tmp_path / "data")) == first
    assert len(first.jwt_secret) >= 32
    assert [len(key) for key in first.sealing] == [32]


def test_the_keys_file_is_readable_by_its_owner_alone_even_after_a_careless_copy(tmp_path):
    keys.load(embedded(tmp_path))
    path = tmp_path / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    keys.load(embedded(tmp_path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_keys_file_is_private_from_the_first_byte_under_an_open_umask(tmp_path):
    before = os.umask(0)
    try:
        keys.load(embedded(tmp_path))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def _load_when_all_are_ready(data_dir, barrier, answers):
    barrier.wait(30)
    answers.put(keys.load(embedded(data_dir)).jwt_secret)


def test_processes_that_start_at_once_agree_on_one_set_of_keys(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(4), spawn.Queue()
    racers = [spawn.Process(target=_load_when_all_are_ready, args=(tmp_path, barrier, answers)) for _ in range(4)]
    for racer in racers:
        racer.start()
    seen = {answers.get(timeout=60) for _ in racers}
    for racer in racers:
        racer.join(30)
    assert seen == {keys.load(embedded(tmp_path)).jwt_secret}


def test_a_key_from_the_environment_goes_before_the_generated_one(tmp_path):
    loaded = keys.load(embedded(tmp_path, jwt_secret=GOOD_JWT_SECRET))
    assert loaded.jwt_secret == GOOD_JWT_SECRET
    assert loaded.sealing == keys.load(embedded(tmp_path)).sealing


def test_an_unreadable_keys_file_is_refused_and_not_replaced(tmp_path):
    (tmp_path / "keys.json").write_text('{"jwt_secret": "half')
    with pytest.raises(errors.Invalid) as refusal:
        keys.load(embedded(tmp_path))
    assert refusal.value.code == "keys_unreadable"
    assert (tmp_path / "keys.json").read_text() == '{"jwt_secret": "half'


def test_with_a_database_url_good_keys_are_taken_and_no_file_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = keys.load(with_database_url(jwt_secret=GOOD_JWT_SECRET, sealing_key=GOOD_SEALING_KEY))
    assert loaded.sealing == (base64.b64decode(GOOD_SEALING_KEY),)
    assert list(tmp_path.iterdir()) == []


def test_several_sealing_keys_are_given_newest_first():
    older = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    loaded = keys.load(with_database_url(jwt_secret=GOOD_JWT_SECRET, sealing_key=f"{GOOD_SEALING_KEY}, {older}"))
    assert loaded.sealing == (base64.b64decode(GOOD_SEALING_KEY), base64.urlsafe_b64decode(older))


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "tooshort-1",
        "x" * 64,
        "changeme" * 8,
        "abcdefghijklmnop" * 4,
        "CHANGE-ME-to-something-long-1234567890",
        "1" * 40,
    ],
)
def test_with_a_database_url_a_bad_jwt_secret_refuses_to_start_and_says_how_to_make_one(bad):
    with pytest.raises(errors.Invalid, match="JWT_SECRET") as refusal:
        keys.load(with_database_url(jwt_secret=bad, sealing_key=GOOD_SEALING_KEY))
    assert "token_urlsafe(48)" in refusal.value.fix
    assert not bad or bad not in f"{refusal.value} {refusal.value.fix}"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "changeme",
        "not base64 at all!",
        base64.b64encode(secrets.token_bytes(16)).decode(),
        base64.b64encode(secrets.token_bytes(33)).decode(),
        base64.b64encode(bytes(32)).decode(),
        base64.b64encode(b"0123456789abcdef" * 2).decode(),
        GOOD_SEALING_KEY + ",",
    ],
    ids=["missing", "default", "no-base64", "16-bytes", "33-bytes", "zeros", "repeated", "second-empty"],
)
def test_with_a_database_url_a_bad_sealing_key_refuses_to_start_and_says_how_to_make_one(bad):
    with pytest.raises(errors.Invalid, match="SEALING_KEY") as refusal:
        keys.load(with_database_url(jwt_secret=GOOD_JWT_SECRET, sealing_key=bad))
    assert "os.urandom(32)" in refusal.value.fix


def test_the_commands_that_the_refusal_names_make_keys_that_are_accepted():
    for _ in range(50):
        keys.load(
            with_database_url(
                jwt_secret=secrets.token_urlsafe(48), sealing_key=base64.b64encode(os.urandom(32)).decode()
            )
        )


def test_a_hexadecimal_secret_of_32_digits_is_strong_enough():
    keys.load(with_database_url(jwt_secret="3f9a1c0b7de84265af31b09c8e7d6542", sealing_key=GOOD_SEALING_KEY))


def test_keys_do_not_show_in_their_representation(tmp_path):
    loaded = keys.load(embedded(tmp_path))
    stored = json.loads((tmp_path / "keys.json").read_text())
    assert stored["jwt_secret"] not in repr(loaded)
    assert repr(loaded.sealing[0]) not in repr(loaded)

import secrets

import pytest

from spaceport import errors
from spaceport.sealing import Sealer

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


@pytest.mark.parametrize(
    "value", ["hf_abc", "", "ünïcode ☃\n", "x" * 100_000], ids=["token", "empty", "unicode", "long"]
)
def test_what_is_sealed_opens_again(value):
    sealer = Sealer((NEW,))
    assert sealer.open(sealer.seal(value, context="secret:1"), context="secret:1") == value


def test_sealing_twice_gives_two_texts_and_neither_shows_the_value():
    sealer = Sealer((NEW,))
    first, second = (sealer.seal("hf_visible", context="c") for _ in range(2))
    assert first != second
    assert "hf_visible" not in first + repr(sealer)


def test_the_newest_key_seals_and_the_older_ones_still_open():
    before = Sealer((OLD,)).seal("value", context="c")
    rotated = Sealer((NEW, OLD))
    assert rotated.open(before, context="c") == "value"
    assert Sealer((NEW,)).open(rotated.seal("value", context="c"), context="c") == "value"


def test_a_value_sealed_by_a_key_that_is_gone_says_so():
    with pytest.raises(errors.Unavailable) as refusal:
        Sealer((NEW,)).open(Sealer((OLD,)).seal("value", context="c"), context="c")
    assert refusal.value.code == "sealing_key_unknown"
    assert "SEALING_KEY" in refusal.value.fix


def test_a_value_moved_to_another_context_does_not_open():
    sealer = Sealer((NEW,))
    with pytest.raises(errors.Conflict) as refusal:
        sealer.open(sealer.seal("value", context="secret:1"), context="secret:2")
    assert refusal.value.code == "sealed_value_damaged"


def test_every_altered_character_is_noticed():
    sealer = Sealer((NEW,))
    sealed = sealer.seal("value", context="c")
    for position in range(len(sealed)):
        swapped = "A" if sealed[position] != "A" else "B"
        altered = sealed[:position] + swapped + sealed[position + 1 :]
        with pytest.raises((errors.Conflict, errors.Unavailable)):
            sealer.open(altered, context="c")


def test_a_key_id_swapped_for_that_of_another_key_does_not_open():
    both = Sealer((NEW, OLD))
    _, _, payload = Sealer((OLD,)).seal("value", context="c").split(".")
    _, newest, _ = both.seal("value", context="c").split(".")
    with pytest.raises(errors.Conflict):
        both.open(f"v1.{newest}.{payload}", context="c")


@pytest.mark.parametrize("text", ["", "plain text", "v1", "v1.", "v2.abc.def"])
def test_text_that_was_never_sealed_is_refused_and_not_returned(text):
    with pytest.raises((errors.Conflict, errors.Unavailable)):
        Sealer((NEW,)).open(text, context="c")


@pytest.mark.parametrize("payload", ["", "A", "AAAA", "=", "ü"])
def test_a_truncated_payload_is_refused(payload):
    sealer = Sealer((NEW,))
    prefix = sealer.seal("value", context="c").rsplit(".", 1)[0]
    with pytest.raises(errors.Conflict):
        sealer.open(f"{prefix}.{payload}", context="c")


def test_a_digest_compares_texts_and_differs_with_the_key():
    assert Sealer((NEW,)).digest("short") == Sealer((NEW, OLD)).digest("short")
    assert Sealer((NEW,)).digest("short") != Sealer((NEW,)).digest("other")
    assert Sealer((NEW,)).digest("short") != Sealer((OLD,)).digest("short")

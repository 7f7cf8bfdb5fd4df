from datetime import UTC, datetime, timedelta

import pytest

from spaceport.configuration import volumes
from spaceport.configuration.compare import Found, findings
from spaceport.configuration.model import Kind, Version
from spaceport.configuration.volumes import Volume
from spaceport.hub import Entry

THEN = datetime(2026, 1, 2, tzinfo=UTC)
LATER = THEN + timedelta(seconds=1)


def ours(kind: Kind = Kind.SECRET, **facts: object) -> Version:
    return Version(
        space_id="space_1", kind=kind, key="KEY", version=1, applied_at=THEN, **{"hub_updated_at": THEN} | facts
    )


def found(kind: Kind, applied: Version | None, entry: Entry | None) -> list[Found]:
    there = {"KEY": entry} if entry else {}
    return [finding.found for finding in findings(kind, {"KEY": applied} if applied else {}, there)]


DATA = Volume(type="bucket", source="a/data", mount_path="/data")
BERT = Volume(type="model", source="a/bert", mount_path="/bert")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([BERT, DATA], []),
        ([DATA.model_copy(update={"read_only": False}), BERT.model_copy(update={"revision": "main"})], []),
        ([DATA, BERT.model_copy(update={"read_only": True})], []),
        ([DATA.model_copy(update={"read_only": True}), BERT], [Found.CHANGED]),
        ([DATA, BERT.model_copy(update={"revision": "v2"})], [Found.CHANGED]),
        ([DATA], [Found.CHANGED]),
    ],
    ids=["in another order", "what is usual, said", "read-only as models are", "read-only", "pinned", "one is gone"],
)
def test_lists_of_volumes_are_the_same_when_they_mean_the_same(there: list[Volume], expected: list[Found]) -> None:
    applied = ours(Kind.VOLUMES, value=volumes.text([DATA, BERT]))
    assert found(Kind.VOLUMES, applied, Entry("KEY", volumes.text(there))) == expected


@pytest.mark.parametrize(
    ("applied", "entry", "expected"),
    [
        (ours(), Entry("KEY", None, updated_at=THEN), []),
        (ours(), Entry("KEY", None, updated_at=LATER), [Found.CHANGED]),
        (ours(), Entry("KEY", None, updated_at=None), []),
        (ours(hub_updated_at=None), Entry("KEY", None, updated_at=LATER), []),
        (ours(), None, [Found.DELETED]),
        (None, Entry("KEY", None, updated_at=THEN), [Found.NEW]),
        (ours(deleted=True), Entry("KEY", None, updated_at=THEN), [Found.NEW]),
        (ours(deleted=True), None, []),
    ],
    ids=["same", "later", "no time there", "no time here", "gone", "new", "back again", "deleted by both"],
)
def test_a_secret_is_told_by_the_hubs_time_of_its_change(applied, entry, expected) -> None:
    assert found(Kind.SECRET, applied, entry) == expected


@pytest.mark.parametrize(("value", "expected"), [("red", []), ("blue", [Found.CHANGED])])
def test_a_variable_is_told_by_its_value_whatever_the_time(value, expected) -> None:
    applied = ours(Kind.VARIABLE, value="red")
    assert found(Kind.VARIABLE, applied, Entry("KEY", value, updated_at=LATER)) == expected

"""Archives are let go once nothing that can still happen needs them."""

import io
import tarfile
from datetime import timedelta

import pytest

from spaceport import clock
from spaceport.deployments.states import Status
from spaceport.errors import NotFound
from spaceport.sources.model import UploadSource
from spaceport.uploads import commands as uploads
from spaceport.uploads.model import Upload


def upload(bench, *, days_ago: int = 31) -> str:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz"):
        pass
    packed.seek(0)
    with bench.database.unit_of_work() as session:
        kept = uploads.keep(session, bench.team.id, packed, actor="usr_test")
        kept.created_at = clock.now() - timedelta(days=days_ago)
        return kept.id


def source(upload_id: str) -> dict[str, str]:
    return UploadSource(upload_id=upload_id).model_dump(mode="json")


def left(bench, *asked: str) -> list[bool]:
    with bench.database.unit_of_work() as session:
        uploads.prune(session)
        return [session.get(Upload, each) is not None for each in asked]


def test_an_archive_goes_a_month_after_it_came(bench):
    old, young = upload(bench), upload(bench, days_ago=29)
    assert left(bench, old, young) == [False, True]


def test_an_archive_stays_while_a_space_has_it_as_its_source_or_a_deployment_waits_for_it(bench):
    of_a_space, waited_for, deployed = upload(bench), upload(bench), upload(bench)
    bench.row("upload-space", source=source(of_a_space))
    space = bench.row("upload-other")
    bench.deployment(space, Status.QUEUED, source=source(waited_for), waiting_for="approval")
    bench.deployment(space, Status.SUCCEEDED, source=source(deployed))
    assert left(bench, of_a_space, waited_for, deployed) == [True, True, False]


def test_whoever_asks_for_one_that_is_gone_is_told_to_upload_it_again(bench):
    gone = upload(bench)
    assert left(bench, gone) == [False]
    with bench.database.unit_of_work() as session, pytest.raises(NotFound) as told:
        uploads.get(session, bench.team.id, gone)
    assert told.value.code == "upload_not_found"
    assert told.value.fix.startswith("Upload the archive")

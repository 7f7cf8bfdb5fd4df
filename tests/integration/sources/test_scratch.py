"""Nothing that a question to a Git host needed stays, not even where the process was killed."""

import os
import time
from pathlib import Path

import pytest

from spaceport.sources import scratch


def test_a_folder_is_gone_after_its_block_also_after_an_error() -> None:
    with pytest.raises(RuntimeError), scratch.folder() as made:
        (made / "file").write_text("x")
        raise RuntimeError
    assert not made.exists()


def test_what_killed_processes_left_goes_after_a_day_and_what_is_worked_at_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, work, elsewhere = (tmp_path / name for name in ("system", "work", "elsewhere"))
    monkeypatch.setattr("tempfile.tempdir", str(system))
    old = [system / "spaceport-git-old", work / "dep_old-1"]
    others = [system / "spaceport-git-new", system / "of-others", work / "dep_new-1", elsewhere / "inside"]
    for folder in (*old, *others):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    for folder in (*old, system / "of-others"):
        os.utime(folder, (time.time() - 90_000,) * 2)
    (work / "link").symlink_to(elsewhere)
    os.utime(work / "link", (time.time() - 90_000,) * 2, follow_symlinks=False)

    scratch.prune(work)

    assert not any(folder.exists() for folder in old)
    assert all((folder / "file").exists() for folder in others)


def test_there_may_be_nothing_yet(tmp_path: Path) -> None:
    scratch.prune(tmp_path / "work")

"""Frames and the cursors that they are resumed from."""

import pytest

from spaceport.events import frames


def test_a_frames_id_is_a_cursor():
    raw = frames.frame((5, 1), "space.paused", {"a": "b\nc"})
    assert raw == 'id: 5.1\nevent: space.paused\ndata: {"a":"b\\nc"}\n\n'
    assert frames.parse_cursor("5.1") == (5, 1)


@pytest.mark.parametrize(
    "given", [None, "", "x", "1", "1.", ".1", "-1.2", "1.2.3", "²", "².²", "\u0661.\u0661", "9" * 40 + ".0", "1.2 "]
)
def test_what_is_no_cursor_of_ours_is_none(given: str | None) -> None:
    assert frames.parse_cursor(given) is None

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceport.deployments import log
from spaceport.hub import LogLine
from spaceport.runtime import lines

SHA = "abcdef0123" * 4
PUSHED = datetime(2026, 1, 1, tzinfo=UTC)


def line(text: str, seconds: float = 1.0) -> LogLine:
    return LogLine(PUSHED + timedelta(seconds=seconds), text)


def header(sha: str, seconds: float = 1.0) -> LogLine:
    return line(f"===== Build Queued at 2026-01-01 00:00:00 / Commit SHA: {sha[:7]} =====", seconds)


def admitted(position: log.Position, lines: list[LogLine]) -> list[str]:
    return [each.text for each in lines if position.admit(each)]


BUILD = [header(SHA), *(line(f"step {number}", number + 2) for number in range(5))]
TEXTS = [each.text for each in BUILD]


def test_everything_of_our_build_is_taken_once() -> None:
    assert admitted(log.Position(SHA, PUSHED), BUILD) == TEXTS


@pytest.mark.parametrize("cut", range(len(BUILD) + 1))
def test_a_replay_after_a_cut_brings_only_the_rest(cut: int) -> None:
    position = log.Position(SHA, PUSHED)
    first = admitted(position, BUILD[:cut])
    position.rewind()
    assert first + admitted(position, BUILD) == TEXTS


@given(st.lists(st.integers(0, len(BUILD)), max_size=6))
def test_however_often_and_wherever_the_stream_is_cut_no_line_is_lost_or_repeated(cuts: list[int]) -> None:
    position, got = log.Position(SHA, PUSHED), []
    for cut in cuts:
        got += admitted(position, BUILD[:cut])
        # As another worker would take over: from what was stored.
        position = log.Position(SHA, PUSHED, json.loads(json.dumps(position.recorded())))
    assert got + admitted(position, BUILD) == TEXTS


def test_lines_of_another_build_are_told_by_its_header() -> None:
    other = [header("9" * 40), line("theirs", 2), line("theirs too", 3)]
    assert admitted(log.Position(SHA, PUSHED), other) == []
    assert admitted(log.Position(SHA, PUSHED), [*other, *BUILD]) == TEXTS
    assert admitted(log.Position(SHA, PUSHED), [*BUILD, *other]) == TEXTS


def test_without_a_header_only_what_came_since_the_push_is_ours() -> None:
    assert admitted(log.Position(SHA, PUSHED), [line("before", -1), line("after", 1)]) == ["after"]


def test_our_header_makes_older_lines_ours_because_clocks_differ() -> None:
    assert admitted(log.Position(SHA, PUSHED), [header(SHA, -60), line("ours", -59)]) == [header(SHA).text, "ours"]


def test_a_log_that_began_anew_is_taken_from_its_beginning() -> None:
    position = log.Position(SHA, PUSHED)
    admitted(position, BUILD)
    position.rewind()
    again = [header(SHA, 100), line("second attempt", 101)]
    assert admitted(position, again) == [header(SHA).text, "second attempt"]
    position.rewind()
    assert admitted(position, [*again, line("and on", 102)]) == ["and on"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;32mok\x1b[0m", "ok"),
        ("a\x00b\x07c\x7f", "abc"),
        ("tab\tstays", "tab\tstays"),
        ("10%\r100%", "10%100%"),
        ("\x1b[2K\x1b[?25lx", "x"),
        ("half an emoji \ud83d", "half an emoji ?"),
        ("whole 🚀 ünï", "whole 🚀 ünï"),
    ],
)
def test_a_line_is_kept_without_colours_and_without_what_the_database_refuses(raw: str, shown: str) -> None:
    assert lines.clean(raw) == shown


@given(st.text(st.characters(), max_size=50))
def test_whatever_an_app_writes_can_be_stored(raw: str) -> None:
    kept = lines.clean(raw)
    assert "\x00" not in kept
    kept.encode()


def test_a_line_has_a_longest_length() -> None:
    assert len(lines.clean("x" * 100_000)) == lines.MAX_LENGTH

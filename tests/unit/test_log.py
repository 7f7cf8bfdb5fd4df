import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from spaceport import log
from spaceport.settings import Settings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def configure(**wanted: str) -> None:
    log.configure(Settings(_env_file=None, **wanted))


def fail() -> None:
    secret = "hunter2"  # noqa: F841 - a local of the frame that fails
    raise ValueError("oops")


def test_for_machines_every_record_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_format="json")
    structlog.get_logger().warning("job.fenced", reason="a\nb")
    logging.getLogger("uvicorn").error("from a library")
    ours, theirs = map(json.loads, lines(capsys))
    assert (ours["event"], ours["reason"], ours["level"]) == ("job.fenced", "a\nb", "warning")
    assert (theirs["event"], theirs["level"]) == ("from a library", "error")
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failure_is_told_without_the_values_of_its_variables(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure(log_format=form)
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("job.bug")
        logging.getLogger("uvicorn").exception("library")
    told = "\n".join(lines(capsys))
    assert told.count("ValueError: oops") == 2
    assert "in fail" in told
    assert "hunter2" not in told


def test_what_every_request_and_job_says_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_level="info")
    for name in ("httpx", "httpx2", "procrastinate", "huggingface_hub"):
        logging.getLogger(name).info("GET https://hub/?token=x")
    structlog.get_logger().debug("too much")
    structlog.get_logger().info("kept")
    assert [line.split()[-1] for line in lines(capsys)] == ["kept"]

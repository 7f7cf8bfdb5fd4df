"""Times as the Hub writes them."""

from datetime import UTC, datetime


def now() -> str:
    """For example `2026-01-02T03:04:05.678Z`."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_epoch(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC))


def heading() -> str:
    """The form used in the `=====` lines that open a log."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")

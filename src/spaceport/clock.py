"""The one place that reads the time, so that a test can hold it still."""

from datetime import UTC, datetime


def now() -> datetime:
    """Aware UTC time."""
    return datetime.now(UTC)

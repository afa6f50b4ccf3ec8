"""The one place that asks what time it is, so that a test can move it."""

from datetime import UTC, datetime, timedelta

_shift = timedelta()


def now() -> datetime:
    """The present, aware and in UTC."""
    return datetime.now(UTC) + _shift


def shift(by: timedelta) -> None:
    """Move the clock of this process (tests only); `shift(timedelta())` puts it right again."""
    global _shift
    _shift = by

"""Counting what pages told of views; without Redis there is nothing to count."""

import structlog
from flask import current_app
from redis.exceptions import RedisError

from market.audience import counting
from market.audience.buffer import Buffer, buffer

log = structlog.get_logger()


def here() -> Buffer:
    settings = current_app.config["SETTINGS"]
    return buffer(settings.redis_url, settings.database_url)


def is_waiting() -> bool:
    try:
        return here().is_waiting()
    except (RedisError, OSError) as away:
        log.warning("views.redis_away", error=str(away))
        return False


def drain() -> int:
    """The number of events counted, or found counted already."""
    try:
        return counting.drain(here())
    except (RedisError, OSError) as away:  # what was counted is not counted again when it comes back
        log.warning("views.redis_away", error=str(away))
        return 0

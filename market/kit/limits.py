"""Rate limits, counted in Redis; while Redis is away each process counts for itself."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from redis.exceptions import RedisError


class PatientLimiter(Limiter):
    """Of the requests that meet a dying Redis at once, Flask-Limiter moves only the first to counting in memory."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        try:
            super()._check_request_limit(callable_name, in_middleware)
        except RedisError:
            self.context.seen_limits.clear()
            super()._check_request_limit(callable_name, in_middleware)


limiter = PatientLimiter(
    get_remote_address, headers_enabled=True, in_memory_fallback_enabled=True, swallow_errors=False
)

"""Rate limits, counted in Redis; while Redis is away each process counts for itself."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(
    get_remote_address, headers_enabled=True, in_memory_fallback_enabled=True, swallow_errors=False
)

"""Rate limits, counted in Redis; while Redis is away each process counts for itself.

`swallow_errors`: of the requests that meet a dying Redis together, Flask-Limiter counts the first in memory; the others,
under way at that moment, pass uncounted instead of failing with 500.
"""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(
    get_remote_address, headers_enabled=True, in_memory_fallback_enabled=True, swallow_errors=True
)

UNCOUNTED: set[str] = set()
"""Endpoints of the API whose calls are not counted: a count would cost more than the call, and others bound them."""

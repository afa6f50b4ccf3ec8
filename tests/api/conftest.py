"""How Schemathesis writes the one body of the API that is neither JSON nor a form: a piece of an upload."""

from typing import Any

import schemathesis

from tests.sandbox import stripe_server

__all__ = ["stripe_server"]


@schemathesis.serializer("application/offset+octet-stream")
def raw_bytes(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()

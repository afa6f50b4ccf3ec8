"""How Schemathesis writes the one body of the API that is neither JSON nor a form: a piece of an upload."""

from typing import Any

import pytest
import schemathesis


@pytest.fixture(autouse=True)
def answering(stripe_server: str) -> None:
    """Some of what the API does, Stripe is asked for."""


@schemathesis.serializer("application/offset+octet-stream")
def raw_bytes(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()

"""Orders of these tests are paid at the local Stripe."""

from tests.sandbox import sandbox, stripe_server

__all__ = ["sandbox", "stripe_server"]

"""Disputes act against the local Stripe."""

from tests.sandbox import sandbox, stripe_server

__all__ = ["sandbox", "stripe_server"]

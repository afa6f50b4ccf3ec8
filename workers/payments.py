"""The payments job: talk to Stripe until nothing waits. The truth is in stripe_calls and stripe_events."""

from market.payments import outbox


def drain(*, seconds: float = 60) -> int:
    """Send calls, handle events, look after open things; the number done."""
    return outbox.drain(seconds=seconds)

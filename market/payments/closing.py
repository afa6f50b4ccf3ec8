"""Making room for another way to pay: what is open for the same thing is ended first. Talks to Stripe."""

from collections.abc import Callable
from uuid import UUID

from market.kit.db import transaction
from market.payments import calls, checkouts, outbox, polls
from market.payments.errors import PageStillOpen
from market.payments.models import Checkout


def make_room(subject_id: UUID, *, suits: Callable[[Checkout], bool]) -> None:
    """End the payment that is open for this subject, unless it `suits`. Whoever paid at that moment has paid.

    Raises PageStillOpen when Stripe has not confirmed the end, StripeAway when it cannot be asked.
    """
    with transaction():
        found = checkouts.live(subject_id)
        if found is None or suits(found):
            return
        checkouts.close(checkouts.find(found.id, lock=True))
        checkout_id, asked = found.id, calls.last_of(checkouts.closing_call(found), found.id)
        call_id = asked.id if asked else None
    if call_id:
        outbox.send(call_id)
    polls.look_at_checkout(checkout_id)
    if checkouts.find(checkout_id).is_live:
        raise PageStillOpen

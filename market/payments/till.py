"""The till: what is open for the same thing is ended first, then what was chosen begins. Talks to Stripe, so every
function here opens its own transactions."""

from collections.abc import Callable
from uuid import UUID

from market.accounts.queries import parties
from market.kit.db import db, transaction
from market.payments import calls, checkouts, customers, outbox, polls
from market.payments.errors import PageStillOpen, StripeAway
from market.payments.models import Checkout
from market.payments.states import Means


def know(party_id: UUID) -> None:
    """Have Stripe know the merchant, so that it can keep a card for him; without it one pays all the same."""
    if customers.stripe_id_of(party_id) is not None:
        return
    with transaction():
        call_id = customers.ensure(party_id, name=parties([party_id])[party_id].name)
    if call_id:
        outbox.send(call_id)


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


def start(checkout_id: UUID) -> None:
    """Send the call that begins this payment. With a saved card it is mostly decided at once: look."""
    made = checkouts.find(checkout_id)
    means, call = made.means, calls.last_of(checkouts.opening_call(made), checkout_id)
    db.session.rollback()
    if call is None:
        return
    outbox.send(call.id)
    if means is Means.CARD:
        try:
            polls.look_at_checkout(checkout_id)
        except StripeAway:
            return  # the event or the next look tells

"""The way to the payment page; its own module because it talks to Stripe between two transactions."""

from uuid import UUID

from market.accounts.actor import Actor
from market.accounts.edge import require
from market.kit.db import transaction
from market.orders import policy, queries, service
from market.payments import calls, outbox
from market.payments import queries as payments
from market.payments.models import Checkout


def pay(order_id: UUID, actor: Actor, *, key: str, public_url: str, locale: str) -> Checkout:
    """The intent is committed, then Stripe is asked. Its `url` is None while Stripe does not answer; the worker goes
    on trying. Raises NotFound, Forbidden, NotAwaitingFunds, AlreadyPaid, KeyOfAnother."""
    with transaction():
        order = queries.find_visible(order_id, actor, lock=True)
        require(policy.may_pay(actor, order))
        made = service.checkout(
            order, actor, key=key, return_url=public_url + "/checkouts/{checkout}?back=1", locale=locale
        )
        call = calls.last_of("checkout", made.id)
        checkout_id, call_id = made.id, call.id if call else None
    if call_id:
        outbox.send(call_id)
    return payments.find_visible(checkout_id, actor)

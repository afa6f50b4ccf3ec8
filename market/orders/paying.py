"""The way to Stripe and back; its own module because it talks to Stripe between two transactions."""

from dataclasses import dataclass
from uuid import UUID

from market.accounts.actor import Actor
from market.accounts.edge import require
from market.kit.db import transaction
from market.orders import funding, policy, queries
from market.orders.models import Order
from market.payments import cards, checkouts, till
from market.payments import queries as payments
from market.payments.errors import KeyOfAnother
from market.payments.models import Checkout


@dataclass(frozen=True)
class Choice:
    """What the payer chose; `seen_fen` is what he was told that Stripe will take."""

    whole: bool = True
    use_wallet: bool = False
    seen_fen: int | None = None
    card_id: UUID | None = None
    """A saved card; None: on Stripe's page."""


def pay(order_id: UUID, actor: Actor, choice: Choice, *, key: str, public_url: str, locale: str) -> Checkout:
    """The intent is committed, then Stripe is asked. Its `url` is None while Stripe does not answer; the worker goes
    on trying. Raises NotFound, Forbidden, KeyOfAnother, and what `funding.checkout` raises."""
    with transaction():
        order = _payable(order_id, actor)
        before = checkouts.of_key(order.merchant_id, key)
        if before is not None and before.subject_id != order.id:
            raise KeyOfAnother
        if before is None:
            wanted = funding.plan(order, whole=choice.whole, use_wallet=choice.use_wallet)
            if choice.card_id:
                cards.find_visible(choice.card_id, actor)
        merchant_id = order.merchant_id
    if before is not None and not before.is_live:
        return payments.find_visible(before.id, actor)
    if before is None:
        till.know(merchant_id)
        till.make_room(
            order_id,
            suits=lambda open_: (
                (open_.amount_fen, open_.wallet_fen, open_.card_id)
                == (wanted.rest_fen, wanted.wallet_fen, choice.card_id)
            ),
        )
    with transaction():
        order = _payable(order_id, actor)
        made = before or funding.checkout(
            order,
            actor,
            whole=choice.whole,
            use_wallet=choice.use_wallet,
            seen_fen=choice.seen_fen,
            card=cards.find_visible(choice.card_id, actor) if choice.card_id else None,
            key=key,
            return_url=public_url + "/checkouts/{checkout}?back=1",
            locale=locale,
        )
        checkout_id = made.id
    till.start(checkout_id)
    return payments.find_visible(checkout_id, actor)


def clear_the_way(order_id: UUID, actor: Actor) -> None:
    """End whatever payment by way of Stripe is open, before the wallet pays. Raises PageStillOpen, StripeAway."""
    require(policy.may_pay(actor, queries.find_visible(order_id, actor)))
    till.make_room(order_id, suits=lambda open_: False)


def _payable(order_id: UUID, actor: Actor) -> Order:
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_pay(actor, order))
    return order

"""Writing an order's facts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from market.accounts.actor import Actor
from market.kit.events import record
from market.orders.models import Order


def tell(order: Order, name: str, *, by: Actor, only: Sequence[UUID] | None = None, **data: Any) -> None:
    """Write a fact into the order's timeline and tell its parties, or `only` some of them."""
    audience = order.parties if only is None else only
    record(name, order.id, by=by, audience=audience, number=order.number, title=order.title, **data)

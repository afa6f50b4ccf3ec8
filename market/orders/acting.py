"""What every verb of an order does at the edge before it acts: which order, locked, and whether one may."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from market.accounts import steps
from market.accounts.actor import Actor
from market.accounts.edge import current_actor, require, wear_any
from market.accounts.steps import Done
from market.orders import policy, queries
from market.orders.models import Order

May = Callable[[Actor, Order], bool]


def locked(order_id: UUID, may: May = policy.may_end) -> Order:
    """The order, locked, for who may act on it. Raises NotFound, Forbidden."""
    actor = current_actor()
    order = queries.find_visible(order_id, actor, lock=True)
    require(may(actor, order))
    return order


def step(
    order_id: UUID, do: Callable[[Order, Actor], Done], *, may: May = policy.may_end, **more: Any
) -> Any:
    """`accounts.steps.step` on an order, under the hat of whichever of its parties one is."""
    wear_any(queries.find(order_id).parties)
    return steps.step(lambda: do(locked(order_id, may), current_actor()), **more)

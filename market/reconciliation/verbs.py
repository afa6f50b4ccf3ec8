"""What both edges do: an operator's freeze of one order, and the two requests for a second operator."""

from typing import Any
from uuid import UUID

from market.accounts.actor import Actor, Role
from market.accounts.queries import find_party
from market.approvals.models import Approval
from market.kit.errors import Invalid
from market.kit.words import _
from market.orders import freezes
from market.orders.freezes import FreezeSource, OrderFreeze
from market.orders.models import Order
from market.reconciliation import acts, queries, service
from market.reconciliation.errors import NoSuchOrder


def freeze(number: str, reason: str, by: Actor) -> OrderFreeze:
    """Raises NoSuchOrder."""
    return freezes.freeze(_order(number).id, FreezeSource.OPERATOR, reason, by=by)


def thaw(order_id: UUID, by: Actor) -> bool:
    """Lift the operators' freeze; those of reconciliation and chargebacks end with their cause."""
    return freezes.lift(order_id, FreezeSource.OPERATOR, by=by)


def clear(difference_id: UUID, given: dict[str, Any], by: Actor) -> Approval:
    """Raises NoSuchOrder, NotAnEntry, NothingToDo, Invalid."""
    known = service.find(difference_id, lock=True)
    owner: UUID | None = None
    if given["target"] == "order":
        owner = _order(given["order_number"]).id
    elif given["target"] == "wallet":
        owner = given["owner_id"]
        if owner is None or find_party(owner).role is not Role.MERCHANT:
            raise Invalid({"owner_id": [_("这不是商家的编号。")]})
    return acts.ask_to_clear(known, given["target"], owner, reason=given["reason"], by=by)


def waive(difference_id: UUID, reason: str, by: Actor) -> Approval:
    """Raises NothingToDo."""
    return acts.ask_to_waive(service.find(difference_id, lock=True), reason=reason, by=by)


def _order(number: str) -> Order:
    found = queries.by_number(number)
    if found is None:
        raise NoSuchOrder(field="order_number")
    return found

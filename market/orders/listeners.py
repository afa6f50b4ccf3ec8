"""What orders hear of."""

from market.kit.db import db
from market.kit.events import Event
from market.orders import funding, service
from market.orders.models import Order


def free_subsidy(event: Event) -> None:
    """A payment ended without money, or the order ended: what was set aside for it serves others."""
    if event.data.get("purpose") != "top_up" and db.session.get(Order, event.subject_id) is not None:
        funding.free_subsidy(event.subject_id)


def fund_paid(event: Event) -> None:
    """payments.received: the subject is the order that was paid for."""
    service.fund(event.subject_id, paid=event.data.get("checkout_id"))


def release_thawed(event: Event) -> None:
    """order.thawed: what waited for it is done."""
    service.thaw(event.subject_id)

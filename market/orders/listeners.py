"""What orders hear of."""

from market.kit.db import db
from market.kit.events import Event
from market.kit.work import hasten_timers
from market.orders import funding, queries, service
from market.orders.amendments import DUE, awaiting
from market.orders.models import Order


def free_subsidy(event: Event) -> None:
    """A payment ended without money, or the order ended: what was set aside for it serves others."""
    if event.data.get("purpose") != "top_up" and db.session.get(Order, event.subject_id) is not None:
        funding.free_subsidy(event.subject_id)


def end_closed(event: Event) -> None:
    """A payment page can no longer be paid: what waited for that need not wait on."""
    if db.session.get(Order, event.subject_id) is None:
        return
    order = queries.find(
        event.subject_id, lock=True
    )  # after who asked for the closing, so that his timer is seen
    hasten_timers(order.id, service.LAPSE, marked="closing")
    if (change := awaiting(order.id)) is not None:
        hasten_timers(change.id, DUE, marked="closing")


def fund_paid(event: Event) -> None:
    """payments.received: the subject is the order that was paid for."""
    service.fund(event.subject_id, paid=event.data.get("checkout_id"))


def release_thawed(event: Event) -> None:
    """order.thawed: what waited for it is done."""
    service.thaw(event.subject_id)

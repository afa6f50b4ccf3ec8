"""What orders hear of."""

from market.kit.events import Event
from market.orders import service


def fund_paid(event: Event) -> None:
    """payments.received: the subject is the order that was paid for."""
    service.fund(event.subject_id, paid=event.data.get("checkout_id"))


def release_thawed(event: Event) -> None:
    """order.thawed: what waited for it is done."""
    service.thaw(event.subject_id)

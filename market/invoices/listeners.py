"""What documents hear of, and what is made by the clock."""

from market.invoices import service
from market.invoices.periods import last_month
from market.kit.db import db, transaction
from market.kit.events import Event


def paper_order(event: Event) -> None:
    """order.completed, order.settled, and what changes the fee of an order that is over: milestone.taken_back,
    dispute.decided, dispute.dropped. The subject is the order."""
    service.documents_of_order(event.subject_id)


def paper_month() -> int:
    """Last month's statements: each party's in a transaction of its own, once however often it is tried."""
    month, made = last_month(), 0
    parties = service.parties_with_money()
    db.session.rollback()
    for party_id in parties:
        with transaction():
            made += service.statement(party_id, month) is not None
    return made

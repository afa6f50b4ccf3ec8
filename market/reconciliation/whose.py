"""Which order something of Stripe's or of the ledger's belongs to, as far as it can be told."""

import re
from uuid import UUID

from sqlalchemy import select, text

from market.kit.db import db
from market.orders.models import Milestone, Order
from market.payments.models import Checkout, Earning, StripeCall

NUMBER = re.compile(r"VT\d{8}-(\d{6,})")
"""An order's number, as it stands in the description of its payments."""


def order_of_source(source_type: str, source_id: UUID) -> UUID | None:
    """The order a posting was made for."""
    return order_of_id(source_id)


def order_of_id(some_id: UUID) -> UUID | None:
    """The order this is the id of, or of one of its stages, payments or earnings."""
    for known in (
        select(Order.id).where(Order.id == some_id),
        select(Milestone.order_id).where(Milestone.id == some_id),
        select(Checkout.subject_id).where(Checkout.id == some_id),
        select(Earning.subject_id).where(Earning.id == some_id),
    ):
        found = db.session.scalar(known)
        if found is not None:
            return db.session.scalar(select(Order.id).where(Order.id == found))
    return None


def order_of_entry(ref: str, description: str) -> UUID | None:
    """By the object the entry names, by what we asked of Stripe, or by the number in its description."""
    charged = select(Checkout.subject_id).where(Checkout.charge_id == ref)
    asked = select(StripeCall.subject_id).where(StripeCall.object_id == ref)
    posted = text("SELECT source_id FROM ledger_postings WHERE external_ref = :ref ORDER BY id LIMIT 1")
    for some_id in (
        db.session.scalar(charged),
        db.session.scalar(asked.limit(1)),
        db.session.scalar(posted, {"ref": ref}),
    ):
        if some_id is not None and (order_id := order_of_id(some_id)):
            return order_id
    number = NUMBER.search(description or "")
    return db.session.scalar(select(Order.id).where(Order.serial == int(number[1]))) if number else None

"""A merchant as Stripe knows him: the customer whose cards can be kept there. No card number ever comes here."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.kit.clock import now
from market.kit.db import db
from market.payments import calls
from market.payments.errors import StripeRefused
from market.payments.models import Customer
from market.payments.views import Json

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams


def of(party_id: UUID) -> Customer | None:
    return db.session.scalar(select(Customer).where(Customer.party_id == party_id))


def stripe_id_of(party_id: UUID) -> str | None:
    """Stripe's name of the merchant, once Stripe has answered."""
    return db.session.scalar(select(Customer.stripe_id).where(Customer.party_id == party_id))


def of_stripe(stripe_id: str) -> Customer | None:
    return db.session.scalar(select(Customer).where(Customer.stripe_id == stripe_id))


def ensure(party_id: UUID, *, name: str) -> UUID | None:
    """Write the wish for a customer; the call to send after the commit, None when there is one already."""
    db.session.execute(
        insert(Customer).values(party_id=party_id).on_conflict_do_nothing(index_elements=["party_id"])
    )
    found = of(party_id)
    assert found is not None
    if found.stripe_id:
        return None
    last = calls.last_of("customer", found.id)
    return last.id if last else calls.put("customer", found.id, params(party_id, name))


def params(party_id: UUID, name: str) -> "CustomerCreateParams":
    return {"name": name, "metadata": {"party": str(party_id)}}


# Answers of Stripe to our calls, each in the transaction of the call's row.


def made(customer_id: UUID, body: Json) -> None:
    found = db.session.get_one(Customer, customer_id)
    found.stripe_id = body["id"]
    found.looked_at = now()


def refused(customer_id: UUID, refusal: StripeRefused) -> None:
    """Paying goes on without saved cards; the call's row keeps Stripe's reason."""

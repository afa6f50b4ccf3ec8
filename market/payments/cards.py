"""Cards that a merchant let Stripe keep: what may be shown of them, and which is used first.

The payer gives his consent with a tick on Stripe's own page. What is here is Stripe's word, fetched after its events
and when the list is looked at.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false, select, update
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.payments import calls, customers
from market.payments.errors import StripeRefused
from market.payments.models import SavedCard
from market.payments.views import Json, MethodView


def visible_to(actor: Actor) -> Select[SavedCard]:
    """One's own, as long as they may be used."""
    rows = select(SavedCard).where(SavedCard.removed_at.is_(None))
    return rows.where(SavedCard.party_id == actor.party_id if actor.party_id else false())


def find_visible(card_id: UUID, actor: Actor) -> SavedCard:
    """Raises NotFound, also for a foreign or removed one."""
    found = db.session.scalar(visible_to(actor).where(SavedCard.id == card_id))
    if found is None:
        raise NotFound
    return found


def of_party(party_id: UUID) -> Sequence[SavedCard]:
    """The one that is used first comes first, then the newest."""
    rows = select(SavedCard).where(SavedCard.party_id == party_id, SavedCard.removed_at.is_(None))
    return db.session.scalars(rows.order_by(SavedCard.is_default.desc(), SavedCard.id.desc())).all()


def apply(view: MethodView) -> None:
    """Bring one card to what Stripe says of it; in a transaction, as often as you like."""
    owner = customers.of_stripe(view.customer) if view.customer and view.card else None
    if owner is None or view.card is None:
        db.session.execute(
            update(SavedCard)
            .where(SavedCard.method_id == view.id, SavedCard.removed_at.is_(None))
            .values(removed_at=now(), is_default=False)
        )
        return
    shown = {
        "brand": view.card.brand,
        "last4": view.card.last4,
        "exp_month": view.card.exp_month,
        "exp_year": view.card.exp_year,
    }
    has_one = db.session.scalar(
        select(SavedCard.id).where(
            SavedCard.party_id == owner.party_id, SavedCard.is_default, SavedCard.removed_at.is_(None)
        )
    )
    row = {"party_id": owner.party_id, "method_id": view.id, "is_default": has_one is None, **shown}
    # A card that was removed here stays removed: Stripe may not have heard of it yet.
    db.session.execute(
        insert(SavedCard).values(row).on_conflict_do_update(index_elements=["method_id"], set_=shown)
    )


def apply_all(party_id: UUID, views: Sequence[MethodView]) -> None:
    """Bring the list to what Stripe says."""
    for view in views:
        apply(view)
    db.session.execute(
        update(SavedCard)
        .where(
            SavedCard.party_id == party_id,
            SavedCard.removed_at.is_(None),
            SavedCard.method_id.not_in([view.id for view in views]),
        )
        .values(removed_at=now(), is_default=False)
    )
    found = customers.of(party_id)
    if found is not None:
        found.looked_at = now()


def make_default(card: SavedCard, by: Actor) -> None:
    db.session.execute(update(SavedCard).where(SavedCard.party_id == card.party_id).values(is_default=False))
    card.is_default = True
    record("card.made_default", card.party_id, by=by, card_id=str(card.id))


def remove(card: SavedCard, by: Actor) -> UUID:
    """It is not used from now on; Stripe is asked to forget it: the call to send after the commit."""
    card.removed_at, card.is_default = now(), False
    db.session.flush()
    left = of_party(card.party_id)
    if left and not any(each.is_default for each in left):
        left[0].is_default = True
    record("card.removed", card.party_id, by=by, card_id=str(card.id))
    return calls.put("detach", card.id, {}, target=card.method_id)


# Answers of Stripe to our calls, each in the transaction of the call's row.


def detached(card_id: UUID, body: Json) -> None:
    """Nothing more to do: it was out of use when we asked."""


def not_detached(card_id: UUID, refusal: StripeRefused) -> None:
    """It was gone already."""

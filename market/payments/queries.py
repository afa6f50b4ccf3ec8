"""Finding checkouts, withdrawals and earnings, always from who may see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, select, true

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.errors import NotFound
from market.payments.models import Checkout, Earning, Withdrawal


def visible_to(actor: Actor) -> Select[Checkout]:
    """One's own payments; operators see all."""
    return select(Checkout).where(_own(actor, Checkout.payer_id))


def withdrawals_visible_to(actor: Actor) -> Select[Withdrawal]:
    return select(Withdrawal).where(_own(actor, Withdrawal.party_id))


def earnings_visible_to(actor: Actor) -> Select[Earning]:
    return select(Earning).where(_own(actor, Earning.party_id))


def _own(actor: Actor, column: Any) -> Any:
    if actor.is_operator:
        return true()
    return column == actor.party_id if actor.party_id else false()


def find_visible(checkout_id: UUID, actor: Actor) -> Checkout:
    """Raises NotFound, also for a foreign one."""
    found = db.session.scalar(
        visible_to(actor).where(Checkout.id == checkout_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def find_withdrawal(withdrawal_id: UUID, actor: Actor) -> Withdrawal:
    """Raises NotFound, also for a foreign one."""
    found = db.session.scalar(withdrawals_visible_to(actor).where(Withdrawal.id == withdrawal_id))
    if found is None:
        raise NotFound
    return found


def checkouts_of(subject_id: UUID) -> Sequence[Checkout]:
    """Every try to pay for this order, oldest first."""
    return db.session.scalars(
        select(Checkout).where(Checkout.subject_id == subject_id).order_by(Checkout.id)
    ).all()


def earnings_of(subject_id: UUID) -> Sequence[Earning]:
    """What payees earned by this order, oldest first."""
    return db.session.scalars(
        select(Earning).where(Earning.subject_id == subject_id).order_by(Earning.id)
    ).all()


def cooling(party_id: UUID) -> Sequence[Earning]:
    """What a payee waits for, soonest first."""
    return db.session.scalars(
        select(Earning)
        .where(Earning.party_id == party_id, Earning.matured_at.is_(None))
        .order_by(Earning.matures_at, Earning.id)
        .limit(50)
    ).all()

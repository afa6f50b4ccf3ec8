"""Reading runs and differences; who may is asked at the edge (policy.may_reconcile)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, false, select

from market.accounts.actor import Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.ledger.movements import Entry
from market.ledger.queries import posting
from market.orders.models import Order
from market.payments.entries import StripeEntry
from market.reconciliation.models import Difference, Kind, Run, RunState
from market.reconciliation.policy import may_reconcile

AGES = (("hour", timedelta(hours=1)), ("day", timedelta(hours=24)), ("week", timedelta(days=7)))
"""Up to an hour it may mend itself, after a day payouts stop."""


def visible_to(actor: Actor) -> Select[Difference]:
    rows = select(Difference)
    return rows if may_reconcile(actor) else rows.where(false())


def runs_visible_to(actor: Actor) -> Select[Run]:
    rows = select(Run)
    return rows if may_reconcile(actor) else rows.where(false())


def find_visible(difference_id: UUID, actor: Actor) -> Difference:
    """Raises NotFound."""
    found = db.session.scalar(visible_to(actor).where(Difference.id == difference_id))
    if found is None:
        raise NotFound
    return found


def find_run(run_id: UUID, actor: Actor) -> Run:
    """Raises NotFound."""
    rows = runs_visible_to(actor).where(Run.id == run_id).execution_options(populate_existing=True)
    found = db.session.scalar(rows)
    if found is None:
        raise NotFound
    return found


def age_of(difference: Difference) -> str:
    """hour, day, week or older."""
    passed = (difference.resolved_at or now()) - difference.since
    return next((name for name, most in AGES if passed < most), "older")


def by_kind_and_age(differences: Sequence[Difference]) -> dict[Kind, Counter[str]]:
    """How many of each kind are how old; kinds without any are left out."""
    counted: dict[Kind, Counter[str]] = {}
    for each in differences:
        counted.setdefault(each.kind, Counter())[age_of(each)] += 1
    return counted


def running() -> Run | None:
    """The run that is asked for or under way."""
    return db.session.scalar(
        select(Run)
        .where(Run.state.in_((RunState.ASKED, RunState.RUNNING)))
        .order_by(Run.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True)
class Sides:
    """Both sides of a difference: what Stripe booked, what we posted, and the order they belong to."""

    entry: StripeEntry | None
    posting: Entry | None
    order: Order | None


def sides(difference: Difference) -> Sides:
    return Sides(
        db.session.get(StripeEntry, difference.entry_id) if difference.entry_id else None,
        posting(difference.posting_id) if difference.posting_id else None,
        db.session.get(Order, difference.order_id) if difference.order_id else None,
    )


def orders_of(differences: Sequence[Difference]) -> dict[UUID, Order]:
    wanted = {each.order_id for each in differences if each.order_id}
    rows = db.session.scalars(select(Order).where(Order.id.in_(wanted))) if wanted else ()
    return {order.id: order for order in rows}


def by_number(number: str) -> Order | None:
    """The order of this number (or of its last part)."""
    serial = number.strip().rpartition("-")[2]
    if not serial.isdecimal() or len(serial) > 18:
        return None
    found = db.session.scalar(select(Order).where(Order.serial == int(serial)))
    return found if found is not None and found.number.endswith(number.strip().upper()) else None


def frozen_orders() -> Sequence[Order]:
    """Orders whose money stands still now, whoever froze them; the longest first."""
    return db.session.scalars(
        select(Order).where(Order.frozen_at.is_not(None)).order_by(Order.frozen_at).limit(100)
    ).all()

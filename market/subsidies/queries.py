"""Finding subsidies: operators see them all, others see only what their own orders get."""

from uuid import UUID

from sqlalchemy import Select, false, select

from market.accounts.actor import Actor, Right
from market.kit.db import db
from market.kit.errors import NotFound
from market.subsidies.models import Subsidy


def may_subsidise(actor: Actor) -> bool:
    """Operators who answer for the platform's money."""
    return actor.is_operator and actor.may(Right.RECONCILE)


def visible_to(actor: Actor) -> Select[Subsidy]:
    return select(Subsidy) if may_subsidise(actor) else select(Subsidy).where(false())


def find_visible(subsidy_id: UUID, actor: Actor, *, lock: bool = False) -> Subsidy:
    """Raises NotFound."""
    rows = visible_to(actor).where(Subsidy.id == subsidy_id).execution_options(populate_existing=True)
    found = db.session.scalar(rows.with_for_update() if lock else rows)
    if found is None:
        raise NotFound
    return found

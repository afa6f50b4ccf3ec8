"""Finding portraits, always from who may see them: a creator's fans everybody, a merchant's buyers the merchant alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from market.accounts.actor import Actor, Role
from market.accounts.models import Party, Verification
from market.kit.db import among, db
from market.kit.figures import figures
from market.portraits.models import Portrait, Whose
from market.portraits.shown import Shown, show


@dataclass(frozen=True)
class Latest:
    """`shown` is None when there is no portrait, or one of too few persons (`too_few`)."""

    shown: Shown | None = None
    too_few: bool = False


def visible_to(actor: Actor | None) -> Select[Portrait]:
    """Fans of verified creators are public, one's own are one's own; buyers are their merchant's only, operators' neither."""
    rows = select(Portrait)
    fans = Portrait.whose == Whose.FANS
    public = fans & Portrait.party_id.in_(select(Party.id).where(Party.verification == Verification.VERIFIED))
    if actor is None or actor.party_id is None:
        return rows.where(public)
    if actor.role is Role.OPERATOR:
        return rows.where(fans)
    return rows.where(or_(public, Portrait.party_id == actor.party_id))


def find(party_id: UUID, whose: Whose, actor: Actor | None) -> Latest:
    """The newest that this actor may see."""
    rows = visible_to(actor).where(Portrait.party_id == party_id, Portrait.whose == whose)
    return _latest(db.session.scalar(rows.order_by(Portrait.day.desc()).limit(1)))


def _latest(found: Portrait | None) -> Latest:
    if found is None:
        return Latest()
    shown = show(found.whose, found.day, found.persons, found.cells, figures.portrait_least)
    return Latest(shown, shown is None)


def of_parties(party_ids: Iterable[UUID], whose: Whose) -> dict[UUID, Shown]:
    """The newest of each, for matching; who has none that may be shown is left out."""
    rows = (
        select(Portrait)
        .ext(distinct_on(Portrait.party_id))
        .where(among(Portrait.party_id, party_ids), Portrait.whose == whose)
        .order_by(Portrait.party_id, Portrait.day.desc())
    )
    return {row.party_id: shown for row in db.session.scalars(rows) if (shown := _latest(row).shown)}

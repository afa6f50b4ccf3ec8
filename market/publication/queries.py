"""Finding publications."""

from uuid import UUID

from sqlalchemy import Select, false, or_, select

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.errors import NotFound
from market.orders import timers
from market.publication.models import Publication

timers.register(lambda order_id: select(Publication.id).where(Publication.order_id == order_id))


def visible_to(actor: Actor) -> Select[Publication]:
    """The parties of the order see it, operators see all; what stands on a shelf is public through the shelf."""
    rows = select(Publication)
    if actor.is_operator:
        return rows
    if actor.party_id is None:
        return rows.where(false())
    me = actor.party_id
    mine = (Publication.merchant_id == me, Publication.creator_id == me, Publication.agency_id == me)
    return rows.where(or_(*mine))


def find_visible(publication_id: UUID, actor: Actor, *, lock: bool = False) -> Publication:
    """Raises NotFound, also for a foreign one."""
    rows = visible_to(actor).where(Publication.id == publication_id)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(rows)
    if found is None:
        raise NotFound
    return found


def lock(publication_id: UUID) -> Publication:
    """The row locked and read afresh. Raises NotFound."""
    found = db.session.get(Publication, publication_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def of_entry(entry_id: UUID) -> Publication | None:
    """What a shelf's row was published from; None for what was never work of an order."""
    return db.session.scalar(select(Publication).where(Publication.entry_id == entry_id))


def of_order(order_id: UUID) -> Publication | None:
    rows = select(Publication).where(Publication.order_id == order_id).order_by(Publication.id.desc())
    return db.session.scalar(rows.limit(1))

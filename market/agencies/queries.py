"""Finding roster links, from either side."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, false, func, or_, select, true

from market.accounts.actor import Actor
from market.agencies.models import LinkState, RosterHold, RosterLink
from market.kit.db import db
from market.kit.errors import NotFound

LIVE = (LinkState.ACTIVE, LinkState.ENDING)


def visible_to(actor: Actor) -> Select[RosterLink]:
    """Both sides see a link and its whole history; operators see all."""
    rows = select(RosterLink)
    if actor.is_operator:
        return rows.where(true())
    if actor.party_id is None:
        return rows.where(false())
    return rows.where(or_(RosterLink.agency_id == actor.party_id, RosterLink.creator_id == actor.party_id))


def find(link_id: UUID, *, lock: bool = False) -> RosterLink:
    link = db.session.get(RosterLink, link_id, with_for_update=lock or None, populate_existing=lock)
    if link is None:
        raise NotFound
    return link


def find_visible(link_id: UUID, actor: Actor, *, lock: bool = False) -> RosterLink:
    """Raises NotFound, also for a foreign link."""
    if db.session.scalar(visible_to(actor).where(RosterLink.id == link_id)) is None:
        raise NotFound
    return find(link_id, lock=lock)


def active_link(agency_id: UUID, creator_id: UUID, *, lock: bool = False) -> RosterLink | None:
    """The link under which the agency may act for the creator now."""
    rows = select(RosterLink).where(
        RosterLink.agency_id == agency_id,
        RosterLink.creator_id == creator_id,
        RosterLink.state == LinkState.ACTIVE,
    )
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(rows)


def may_bid_for(agency_id: UUID, creator_id: UUID) -> bool:
    return active_link(agency_id, creator_id) is not None


def active_split(agency_id: UUID, creator_id: UUID) -> int | None:
    """The accepted share in basis points, or None without an active link."""
    link = active_link(agency_id, creator_id)
    return link.commission_bps if link else None


def roster(agency_id: UUID, *states: LinkState) -> Sequence[RosterLink]:
    """The agency's links, newest first; those that live unless other states are named."""
    return db.session.scalars(
        select(RosterLink)
        .where(RosterLink.agency_id == agency_id, RosterLink.state.in_(states or LIVE))
        .order_by(RosterLink.id.desc())
    ).all()


def links_of(creator_id: UUID) -> Sequence[RosterLink]:
    """Every link of a creator, newest first."""
    return db.session.scalars(
        select(RosterLink).where(RosterLink.creator_id == creator_id).order_by(RosterLink.id.desc())
    ).all()


def agency_of(creator_id: UUID) -> RosterLink | None:
    """The link with the agency that represents this creator now, if any."""
    return db.session.scalar(
        select(RosterLink).where(RosterLink.creator_id == creator_id, RosterLink.state.in_(LIVE))
    )


def running(link_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How much runs under each link."""
    wanted = list(link_ids)
    if not wanted:
        return {}
    counts = (
        select(RosterHold.link_id, func.count())
        .where(RosterHold.link_id.in_(wanted), RosterHold.released_at.is_(None))
        .group_by(RosterHold.link_id)
    )
    return {row[0]: row[1] for row in db.session.execute(counts)}

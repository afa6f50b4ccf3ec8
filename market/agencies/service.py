"""The verbs of a roster: invite, answer, propose another share, give notice, end; and what holds a link."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.errors import NotVerified
from market.accounts.queries import find_party, party_named
from market.agencies.errors import (
    AlreadyLinked,
    HasAgency,
    NoSuchCreator,
    NothingProposed,
    OrderRuns,
    TooManyInvitations,
)
from market.agencies.models import LinkState, RosterHold, RosterLink
from market.agencies.queries import LIVE, active_link, find, running
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.figures import figures
from market.kit.money import share_bps
from market.kit.work import cancel_timers, set_timer

END_TIMER = "agencies.end"


def invite(agency_id: UUID, creator: str, commission_bps: int, *, note: str = "", by: Actor) -> RosterLink:
    """Ask a creator, named by handle or e-mail, onto the roster at this share of their payments.

    Raises NotVerified, NoSuchCreator, AlreadyLinked, TooManyInvitations.
    """
    # The agency's row is the lock: two clicks must not make two invitations, nor pass the limit.
    agency = find_party(agency_id, lock=True)
    if not agency.is_verified:
        raise NotVerified
    party = party_named(creator, Role.CREATOR)
    if party is None:
        raise NoSuchCreator(field="creator")
    waiting = select(RosterLink).where(RosterLink.agency_id == agency_id)
    if db.session.scalar(
        waiting.where(RosterLink.creator_id == party.id, RosterLink.state.in_((LinkState.INVITED, *LIVE)))
    ):
        raise AlreadyLinked(field="creator")
    open_ones = waiting.where(RosterLink.state == LinkState.INVITED).subquery()
    if (
        db.session.scalar(select(func.count()).select_from(open_ones)) or 0
    ) >= figures.pending_roster_invitations:
        raise TooManyInvitations(field="creator", most=figures.pending_roster_invitations)
    link = RosterLink(agency_id=agency_id, creator_id=party.id, commission_bps=commission_bps, note=note)
    link.state = LinkState.INVITED
    db.session.add(link)
    db.session.flush()
    _tell("roster.invited", link, by)
    return link


def answer(link: RosterLink, *, accept: bool, by: Actor) -> RosterLink:
    """The creator's word on an invitation; accepting it accepts the share. Raises HasAgency."""
    if not accept:
        link.decline()
        _tell("roster.declined", link, by)
        return link
    # The creator's row is the lock: of two agencies' invitations only one can be accepted.
    find_party(link.creator_id, lock=True)
    if db.session.scalar(
        select(RosterLink.id).where(RosterLink.creator_id == link.creator_id, RosterLink.state.in_(LIVE))
    ):
        raise HasAgency
    link.accept()
    _tell("roster.accepted", link, by)
    return link


def take_back_invitation(link: RosterLink, *, by: Actor) -> RosterLink:
    link.take_back_invitation()
    _tell("roster.invitation_withdrawn", link, by)
    return link


def propose(link: RosterLink, commission_bps: int, *, by: Actor) -> RosterLink:
    """The agency asks for another share; until the creator accepts it, the old one holds."""
    link.propose(commission_bps)
    _tell("roster.split_proposed", link, by, commission_bps)
    return link


def answer_proposal(link: RosterLink, *, accept: bool, by: Actor) -> RosterLink:
    """The creator's word on another share; bids and orders made before keep theirs. Raises NothingProposed."""
    if link.proposed_bps is None:
        raise NothingProposed
    asked = link.proposed_bps
    link.answer_proposal(accept=accept)
    _tell("roster.split_accepted" if accept else "roster.split_declined", link, by, asked)
    return link


def give_notice(link: RosterLink, *, by: Actor) -> RosterLink:
    """End the link after the notice. Raises OrderRuns while anything runs under it."""
    count = running([link.id]).get(link.id, 0)
    if count:
        raise OrderRuns(n=count)
    link.give_notice(by.party_id, figures.roster_notice_days)
    assert link.ends_at is not None
    set_timer(END_TIMER, link.id, link.ends_at, key=f"{END_TIMER}:{link.id}:{link.ends_at.isoformat()}")
    _tell("roster.ending", link, by)
    return link


def take_back_notice(link: RosterLink, *, by: Actor) -> RosterLink:
    link.take_back_notice()
    cancel_timers(link.id, END_TIMER)
    _tell("roster.notice_withdrawn", link, by)
    return link


def end_after_notice(link_id: UUID, data: dict[str, Any]) -> None:
    """The timer: the notice is over. Safe to run twice, and late."""
    link = find(link_id, lock=True)
    if link.state is LinkState.ENDING and link.ends_at and link.ends_at <= now():
        link.end()
        _tell("roster.ended", link, SYSTEM)


def hold(agency_id: UUID, creator_id: UUID, source_id: UUID) -> None:
    """Something of this pair begins to run: the link cannot end before `let_go`. Same source twice: once.

    Without an active link nothing is held: the caller checks the link when the pair makes its agreement.
    """
    link = active_link(agency_id, creator_id, lock=True)
    if link:
        db.session.execute(
            insert(RosterHold).values(link_id=link.id, source_id=source_id).on_conflict_do_nothing()
        )


def let_go(source_id: UUID) -> None:
    """What ran under a link is over. Safe to call twice, and for what never held one."""
    db.session.execute(
        update(RosterHold)
        .where(RosterHold.source_id == source_id, RosterHold.released_at.is_(None))
        .values(released_at=now())
    )


def example(commission_bps: int, *, price_fen: int = 1_000_000) -> dict[str, int]:
    """A price shared out under this commission, to the fen, as an order's payment is."""
    fee = share_bps(price_fen, figures.fee_bps)
    agency = share_bps(price_fen - fee, commission_bps)
    tax = share_bps(price_fen - fee - agency, figures.tax_bps)
    return {
        "price": price_fen,
        "fee": fee,
        "agency": agency,
        "tax": tax,
        "creator": price_fen - fee - agency - tax,
    }


def _tell(name: str, link: RosterLink, by: Actor, bps: int | None = None) -> None:
    """Write the fact, with the words its notice needs; both sides are told."""
    db.session.flush()
    share = link.commission_bps if bps is None else bps
    record(
        name,
        link.id,
        by=by,
        audience=[link.agency_id, link.creator_id],
        agency_id=str(link.agency_id),
        creator_id=str(link.creator_id),
        agency=link.agency.name,
        creator=link.creator.name,
        commission_bps=share,
        percent=f"{share / 100:g}%",
        ends=link.ends_at.date().isoformat() if link.ends_at else "",
    )

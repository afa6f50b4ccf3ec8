"""/a: the agency's overview."""

from typing import Any, cast
from uuid import UUID

from flask import render_template
from sqlalchemy import func, select

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat
from market.accounts.queries import find_party
from market.agencies.models import LinkState
from market.agencies.queries import roster, running
from market.bids import queries
from market.bids.bidder_pages import counts_of
from market.bids.blueprint import bp
from market.bids.models import Bid, Invitation
from market.kit.db import db


@bp.get("/a")
@hat(Role.AGENCY)
def agency_home() -> Any:
    """The agency's overview: what waits, and how busy everybody is."""
    actor = current_actor()
    me = cast(UUID, actor.party_id)
    links = roster(me)
    busy = running(link.id for link in links)
    waiting = queries.waiting(actor).order_by(Invitation.expires_at)
    counts = counts_of(actor)
    return render_template(
        "bids/agency_home.html",
        party=find_party(me),
        links=sorted(links, key=lambda link: -busy.get(link.id, 0)),
        running=busy,
        invited=len(roster(me, LinkState.INVITED)),
        unanswered=[link for link in links if link.proposed_bps is not None],
        invitations=db.session.scalars(waiting.limit(5)).all(),
        invitation_count=db.session.scalar(select(func.count()).select_from(waiting.subquery())),
        counts=counts,
        recent=db.session.scalars(queries.mine(actor).order_by(Bid.id.desc()).limit(5)).all(),
        total_running=sum(busy.values()),
    )

"""JSON: a creator's weeks."""

from typing import Any
from uuid import UUID

from market.accounts.actor import Role
from market.accounts.edge import current_actor, require
from market.agencies.queries import active_link
from market.creators import calendar
from market.creators.queries import find_visible, profile
from market.kit.db import transaction
from market.orders import capacity, policy
from market.orders.api import bp
from market.orders.calendar_schemas import CalendarQuery, CalendarSchema, WeekChangeSchema


@bp.get("/creators/<pid('pty'):party_id>/calendar")
@bp.arguments(CalendarQuery, location="query")
@bp.response(200, CalendarSchema)
def get_calendar(query: dict[str, Any], party_id: UUID) -> dict[str, Any]:
    """How much of a creator's weeks is taken, from the present one on."""
    mine = find_visible(party_id, current_actor())
    weeks = capacity.calendar_of(party_id, calendar.this_week(), query["weeks"])
    return {"slots_per_week": mine.slots_per_week, "weeks": weeks}


@bp.put("/creators/<pid('pty'):party_id>/calendar")
@bp.arguments(WeekChangeSchema)
@bp.response(200, CalendarSchema)
def change_calendar(said: dict[str, Any], party_id: UUID) -> dict[str, Any]:
    """State one week: the creator, or the agency that represents them. The usual number is the profile's. Answers that week."""
    actor = current_actor()
    represents = bool(actor.role is Role.AGENCY and actor.party_id and active_link(actor.party_id, party_id))
    require(policy.may_state_weeks(actor, party_id, represents=represents))
    monday = said.pop("monday")
    with transaction():
        calendar.state(party_id, monday, said, by=actor)
    mine = profile(party_id)
    return {
        "slots_per_week": mine.slots_per_week if mine else None,
        "weeks": capacity.calendar_of(party_id, monday, 1),
    }

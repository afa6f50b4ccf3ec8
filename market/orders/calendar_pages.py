"""The calendar of a creator's weeks: each click is kept at once. The creator's own, and the agency's for its roster."""

from datetime import date
from typing import Any, cast
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Actor, Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import find_party
from market.agencies.queries import active_link
from market.creators import calendar
from market.creators import service as creators
from market.creators.queries import profile
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.pages import read_form
from market.kit.words import _
from market.orders import capacity, policy
from market.orders.blueprint import bp
from market.orders.calendar_schemas import UsualFormSchema, WeekFormSchema

WEEKS = 13


@bp.app_context_processor
def creators_weeks() -> dict[str, Any]:
    return {"next_free_week": next_free_week}


def next_free_week(creator_id: UUID) -> date | None:
    """The Monday of the first week that is not full, for a creator's page; None when half a year is."""
    weeks = capacity.calendar_of(creator_id, calendar.this_week(), capacity.LOOKED_AHEAD)
    return next((week.monday for week in weeks if week.free), None)


@bp.get("/u/calendar")
@hat(Role.CREATOR)
def my_calendar() -> Any:
    return _page(cast(UUID, current_actor().party_id))


@bp.post("/u/calendar")
@hat(Role.CREATOR)
def change_my_calendar() -> Any:
    return _change(cast(UUID, current_actor().party_id))


@bp.get("/a/creators/<pid('pty'):creator_id>/calendar")
@hat(Role.AGENCY)
def calendar_of(creator_id: UUID) -> Any:
    _represented(creator_id)
    return _page(creator_id)


@bp.post("/a/creators/<pid('pty'):creator_id>/calendar")
@hat(Role.AGENCY)
def change_calendar_of(creator_id: UUID) -> Any:
    _represented(creator_id)
    return _change(creator_id)


def _represented(creator_id: UUID) -> None:
    """Others' creators are not there for an agency."""
    if active_link(cast(UUID, current_actor().party_id), creator_id) is None:
        raise NotFound


def _change(creator_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_state_weeks(actor, creator_id, represents=actor.role is Role.AGENCY))
    if "slots_per_week" in request.form:
        return _change_usual(creator_id, actor)
    form = read_form(WeekFormSchema())
    with form.attempt():
        said = dict(form.data)
        monday = said.pop("monday")
        if said.pop("usual", False):
            said["slots"] = None
        with transaction():
            calendar.state(creator_id, monday, said, by=actor)
        if "HX-Request" in request.headers:
            return _week(creator_id, monday)
        return redirect(f"{_here(creator_id)}#w-{monday.isoformat()}", 303)
    flash(" ".join(text for texts in form.errors.values() for text in texts), "danger")
    return redirect(_here(creator_id), 303)


def _change_usual(creator_id: UUID, actor: Actor) -> Any:
    form = read_form(UsualFormSchema())
    with form.attempt():
        usual = form.data["slots_per_week"]
        with transaction():
            creators.save_profile(creator_id, {"slots_per_week": usual}, by=actor)
        flash(_("平时每周接 %(n)s 单。", n=usual), "success")
    if form.errors:
        flash(" ".join(text for texts in form.errors.values() for text in texts), "danger")
    return redirect(_here(creator_id), 303)


def _here(creator_id: UUID) -> str:
    if current_actor().role is Role.AGENCY:
        return url_for("orders.calendar_of", creator_id=creator_id)
    return url_for("orders.my_calendar")


def _week(creator_id: UUID, monday: date) -> str:
    week = capacity.calendar_of(creator_id, monday, 1)[0]
    return render_template("orders/_week.html", week=week, **_context(creator_id))


def _page(creator_id: UUID) -> str:
    weeks = capacity.calendar_of(creator_id, calendar.this_week(), WEEKS)
    return render_template("orders/calendar.html", weeks=weeks, **_context(creator_id))


def _context(creator_id: UUID) -> dict[str, Any]:
    mine = profile(creator_id)
    return {
        "creator": find_party(creator_id),
        "usual": mine.slots_per_week if mine else None,
        "here": _here(creator_id),
        "present": calendar.this_week(),
        "days_of": calendar.days_of,
    }

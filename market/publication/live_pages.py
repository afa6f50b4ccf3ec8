"""The programme guide and the page of one show."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date, format_datetime, get_locale, get_timezone

from market.accounts.edge import actor_or_none, current_actor, signed_in
from market.accounts.queries import parties
from market.kit.clock import now
from market.kit.db import transaction
from market.kit.figures import figures
from market.kit.words import _
from market.live import queries as live
from market.live import service as programme
from market.media.queries import assets
from market.publication import policy
from market.publication.cards import Card, homes, live_cards, product_cards
from market.publication.queries import of_entry
from market.shops import queries as shops

bp = Blueprint("guide", __name__)
DAYS = 8


@bp.get("/live")
def index() -> Any:
    """Now, next, and the days to come; `?day=2026-11-11` shows one day, past ones too."""
    actor = actor_or_none()
    today = now().astimezone(get_timezone()).date()
    day = _day(request.args.get("day", ""))
    if day is None:
        shows = live.between(now() - timedelta(days=1), _midnight(today) + timedelta(days=DAYS))
        cards = [card for card in live_cards(shows, actor) if card["is_now"] or card["is_coming"]]
    else:
        cards = live_cards(live.between(_midnight(day), _midnight(day) + timedelta(days=1)), actor)
    return render_template(
        "live/guide.html",
        on_now=[card for card in cards if card["is_now"]],
        days=[(key, list(group)) for key, group in groupby((c for c in cards if not c["is_now"]), key=_date)],
        today=today,
        day=day,
        day_name=_day_name,
        time_of=lambda moment: format_datetime(moment, "HH:mm"),
        minutes_before=figures.live_reminder_min,
        dates=[today + timedelta(days=at) for at in range(-1, DAYS - 1)],
    )


@bp.get("/live/<pid('liv'):programme_id>")
def show(programme_id: UUID) -> Any:
    actor = actor_or_none()
    entry = live.find(programme_id)
    names = parties([entry.creator_id, entry.merchant_id])
    pages = homes(names)
    host = names[entry.creator_id]
    cover = assets([entry.cover_id]).get(entry.cover_id) if entry.cover_id else None
    publication = of_entry(entry.id)
    return render_template(
        "live/show.html",
        show=entry,
        host=host,
        host_href=pages.get(host.id, ""),
        merchant=names.get(entry.merchant_id) if entry.merchant_id else None,
        merchant_href=pages.get(entry.merchant_id, "") if entry.merchant_id else "",
        cover=cover if cover and cover.is_ready else None,
        products=product_cards(shops.shown(entry.product_ids)),
        reminded=entry.id in live.reminded(actor, [entry.id]),
        waiting=live.waiting(entry.id),
        minutes_before=figures.live_reminder_min,
        publication=publication if policy.may_withdraw(actor, publication) else None,
    )


@bp.post("/live/<pid('liv'):programme_id>/reminder")
@signed_in
def remind(programme_id: UUID) -> Any:
    """`on=1` asks for a notice before the start, `on=0` takes it back."""
    actor = current_actor()
    with transaction():
        if request.form.get("on") == "0":
            programme.forget(programme_id, by=actor)
        else:
            programme.remind(programme_id, by=actor)
    return redirect(url_for("publication.guide.show", programme_id=programme_id), 303)


def _day_name(day: Any) -> str:
    """今天 · 11月24日 周二."""
    if day == now().astimezone(get_timezone()).date():
        return _("今天")
    return str(format_date(day, "EEE d MMM" if str(get_locale()) == "en" else "M月d日 EEE"))


def _day(text: str) -> Any:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None


def _midnight(day: Any) -> datetime:
    """The start of a day in the reader's zone."""
    zone: Any = get_timezone()
    naive = datetime(day.year, day.month, day.day)
    return zone.localize(naive) if hasattr(zone, "localize") else naive.replace(tzinfo=zone)


def _date(card: Card) -> Any:
    return card["starts_at"].astimezone(get_timezone()).date()

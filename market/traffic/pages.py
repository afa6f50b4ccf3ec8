"""/u/traffic: what was seen in one's own numbers, and the appeal; /ops/traffic: appeals, and what stands."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import parties, people
from market.kit.clock import now
from market.kit.db import transaction
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _
from market.traffic import counts, policy, queries, service, words
from market.traffic.models import COUNTING, SignalState, TrafficSignal
from market.traffic.schemas import SignalAppealSchema, SignalRulingSchema
from market.traffic.service import LASTS_DAYS

bp = Blueprint("traffic", __name__)


@bp.get("/u/traffic")
@hat(Role.CREATOR)
def mine() -> Any:
    return _mine(Form(), None)


def _mine(form: Form, at: UUID | None) -> Any:
    actor = current_actor()
    assert actor.party_id
    n, newest = queries.known_days(actor.party_id)
    page = render_template(
        "traffic/mine.html",
        signals=queries.of_party(actor.party_id),
        days=n,
        newest=newest,
        plays=counts.known(actor.party_id),
        said=words,
        hours=figures.signal_warning_h,
        lasts=LASTS_DAYS,
        form=form,
        at=at,
        now=now(),
    )
    return page, form.status


@bp.post("/u/traffic/<pid('sig'):signal_id>/appeal")
@hat(Role.CREATOR)
def appeal(signal_id: UUID) -> Any:
    actor = current_actor()
    form = read_form(SignalAppealSchema())
    with form.attempt():
        given = form.data
        with transaction():
            signal = queries.find_visible(signal_id, actor, lock=True)
            require(policy.may_appeal(actor, signal.party_id))
            service.appeal(signal, given["text"], by=actor)
        flash(_("申诉已提交，运营看过后会给出裁定和理由。"), "success")
        return redirect(url_for("traffic.mine"), 303)
    return _mine(form, signal_id)


TABS = ("appealed", "counting", "past")


@bp.get("/ops/traffic")
@hat(Role.OPERATOR)
def desk() -> Any:
    tab = request.args.get("tab") if request.args.get("tab") in TABS else "appealed"
    rows = queries.visible_to(current_actor())
    counting = TrafficSignal.state.in_(COUNTING) & (TrafficSignal.ends_at > now())
    if tab == "appealed":
        rows = rows.where(TrafficSignal.state == SignalState.APPEALED)
    else:
        rows = rows.where(counting if tab == "counting" else ~counting)
    found = page_of(rows, TrafficSignal.id, limit=20, cursor=request.args.get("cursor"))
    return render_template(
        "traffic/desk.html",
        tab=tab,
        found=found,
        waiting=queries.waiting(),
        names=parties(signal.party_id for signal in found),
        said=words,
        next_url=url_for("traffic.desk", tab=tab, cursor=found.next_cursor) if found.next_cursor else None,
    )


@bp.get("/ops/traffic/<pid('sig'):signal_id>")
@hat(Role.OPERATOR)
def one(signal_id: UUID) -> Any:
    return _one(signal_id, Form())


def _one(signal_id: UUID, form: Form) -> Any:
    actor = current_actor()
    signal = queries.find_visible(signal_id, actor)
    page = render_template(
        "traffic/one.html",
        signal=signal,
        party=parties([signal.party_id])[signal.party_id],
        ruler=people([signal.ruled_by]).get(signal.ruled_by) if signal.ruled_by else None,
        may=policy.may_rule(actor),
        said=words,
        form=form,
    )
    return page, form.status


@bp.post("/ops/traffic/<pid('sig'):signal_id>/ruling")
@hat(Role.OPERATOR)
def rule(signal_id: UUID) -> Any:
    actor = current_actor()
    form = read_form(SignalRulingSchema())
    with form.attempt():
        given = form.data
        with transaction():
            signal = queries.find_visible(signal_id, actor, lock=True)
            require(policy.may_rule(actor))
            service.rule(signal, lifted=given["ruling"] == "lifted", reason=given["reason"], by=actor)
        flash(_("已裁定，创作者会看到结果和理由。"), "success")
        return redirect(url_for("traffic.one", signal_id=signal_id), 303)
    return _one(signal_id, form)

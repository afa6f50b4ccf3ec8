"""The bidder's side, twice: /u for creators, /a for agencies bidding for their members."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

from market.accounts.actor import Actor, Role
from market.accounts.edge import current_actor, hat, require, under_hats
from market.agencies.models import LinkState
from market.agencies.queries import roster
from market.agencies.service import example
from market.bids import invitations, policy, queries, service
from market.bids.answers import said
from market.bids.blueprint import bp
from market.bids.errors import AlreadyBid
from market.bids.models import Bid, BidState, Invitation, InvitationState
from market.bids.schemas import BidFormSchema, DeclineFormSchema, form_values
from market.creators.queries import profiles
from market.creators.words import listed
from market.kit import ids
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _
from market.media import queries as media
from market.media.models import Asset, AssetState, Kind
from market.tasks import queries as tasks
from market.tasks import registry
from market.tasks.models import Task
from market.tasks.schemas import HallForm
from market.tasks.shown import brief_context, card_of, hall_choices

PREFIX = {Role.CREATOR: "u", Role.AGENCY: "a"}
PICKS = 30
TABS = ("picks", "all", "invited")


both = under_hats(bp, *PREFIX)


def here(name: str, **values: Any) -> str:
    """The address of a twin page under the present hat's prefix."""
    return url_for(f"bids.{PREFIX[current_actor().role]}_{name}", **values)


@both("/tasks", "find_tasks")
def find_tasks() -> Any:
    """找任务: picked for the creator, all that is open, and invitations."""
    actor = current_actor()
    waiting = db.session.scalars(queries.waiting(actor).order_by(Invitation.expires_at).limit(50)).all()
    picks = registry.picks(cast(UUID, actor.party_id), PICKS) if actor.role is Role.CREATOR else []
    tab = request.args.get("tab")
    if tab not in TABS:
        tab = "picks" if picks else "all"
    form = read_form(HallForm(), request.args)
    context: dict[str, Any] = {"form": form, "tab": tab, "invitations": waiting, "has_picks": bool(picks)}
    chosen = {name: value for name, value in form.values.items() if value and name in HallForm().load_fields}
    chosen = {name: value for name, value in chosen.items() if name not in ("cursor", "limit")}
    if tab == "picks":
        found = tasks.tasks(key for key, _fit in picks)
        context["cards"] = [card_of(found[key], fit) for key, fit in picks if key in found]
    elif tab == "all":
        asked: dict[str, Any] = {name: form.valid.get(name) for name in HallForm().load_fields} | {
            "limit": 20
        }
        page = tasks.hall(tickets=True, **asked | {"sort": asked["sort"] or "new"})
        is_creator = actor.role is Role.CREATOR
        fits = registry.fits(cast(UUID, actor.party_id), page.data) if is_creator else {}
        context |= hall_choices(asked)
        context["cards"] = [card_of(task, fits.get(task.id)) for task in page]
        if page.next_cursor:
            context["next_url"] = here("find_tasks", **chosen | {"tab": "all", "cursor": page.next_cursor})
    return render_template(
        "bids/find.html",
        **context,
        chosen=chosen,
        bid_count=_open_count(actor),
        members={link.creator_id: link for link in _members(actor)},
    )


@both("/tasks/<pid('tsk'):task_id>/bid", "place", methods=["GET", "POST"])
def place(task_id: UUID) -> Any:
    """Bid: for oneself, or as an agency for a member. A second click finds the bid made, and goes there."""
    actor = current_actor()
    require(policy.may_bid(actor))
    task = tasks.find_visible(task_id, actor)
    if request.method == "GET":
        return _bid_page(task, None, Form({"creator_id": request.args.get("creator", "")}))
    form = read_form(BidFormSchema())
    with form.attempt():
        offer = form.data
        named = offer.pop("creator_id")
        creator_id = cast(UUID, named if actor.role is Role.AGENCY else actor.party_id)
        if creator_id is None:
            form.errors["creator_id"] = [_("请选择代谁投稿。")]
            return _bid_page(task, None, form), form.status
        try:
            with transaction():
                bid = service.place(task_id, creator_id, offer, by=actor)
            flash(_("投稿成功，商家会收到通知。"), "success")
        except AlreadyBid:
            made = queries.live_of(creator_id, task_id)
            if made is None or not policy.may_withdraw(actor, made):
                raise
            bid = made
            flash(_("已经投过稿，这是原来的投稿。"), "warning")
        return redirect(here("bid", bid_id=bid.id), 303)
    return _bid_page(task, None, form), form.status


@both("/bids", "bids")
def bids() -> Any:
    actor = current_actor()
    state = request.args.get("state", "")
    rows = queries.mine(actor)
    if state in list(BidState):
        rows = rows.where(Bid.state == BidState(state))
    found = page_of(rows, Bid.id, limit=30, cursor=request.args.get("cursor"))
    return render_template(
        "bids/list.html",
        bids=found.data,
        answer=said,
        state=state,
        counts=counts_of(actor),
        next_url=here("bids", state=state or None, cursor=found.next_cursor) if found.next_cursor else None,
    )


@both("/bids/<pid('bid'):bid_id>", "bid", methods=["GET", "POST"])
def bid(bid_id: UUID) -> Any:
    """One's bid: read it, and change it until it is decided."""
    actor = current_actor()
    found = _own(bid_id, actor)
    if request.method == "GET":
        return _bid_page(found.task, found, Form(form_values(found)))
    require(policy.may_change(actor, found))
    form = read_form(BidFormSchema())
    with form.attempt():
        offer = {name: value for name, value in form.data.items() if name != "creator_id"}
        with transaction():
            service.change(bid_id, offer, by=actor)
        flash(_("投稿已更新。"), "success")
        return redirect(here("bid", bid_id=bid_id), 303)
    return _bid_page(found.task, found, form), form.status


@both("/bids/<pid('bid'):bid_id>/withdrawal", "withdraw", methods=["POST"])
def withdraw(bid_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        require(policy.may_withdraw(actor, _own(bid_id, actor)))
        service.withdraw(bid_id, by=actor)
    flash(_("投稿已撤回。"), "success")
    return redirect(here("bids"), 303)


@bp.post("/u/invitations/<pid('inv'):invitation_id>/decline")
@hat(Role.CREATOR)
def decline(invitation_id: UUID) -> Any:
    actor = current_actor()
    form = read_form(DeclineFormSchema())
    with transaction():
        asked = queries.find_visible_invitation(invitation_id, actor)
        require(policy.may_answer(actor, asked))
        tasks.find(asked.task_id, lock=True)
        invitations.decline(queries.find_invitation(invitation_id, lock=True), form.data["reason"], by=actor)
    flash(_("已婉拒邀请。"), "success")
    return redirect(url_for("bids.u_find_tasks", tab="invited"), 303)


def _own(bid_id: UUID, actor: Actor) -> Bid:
    """A bid of the actor's own side. Raises NotFound for any other."""
    found = queries.find_visible(bid_id, actor)
    if not actor.is_party(found.creator_id, found.agency_id):
        raise NotFound
    return found


def _members(actor: Actor) -> list[Any]:
    """Whom an agency may bid for."""
    return list(roster(cast(UUID, actor.party_id), LinkState.ACTIVE)) if actor.role is Role.AGENCY else []


def counts_of(actor: Actor) -> dict[BidState, int]:
    rows = queries.mine(actor).subquery()
    return {
        row[0]: row[1]
        for row in db.session.execute(select(rows.c.state, func.count()).group_by(rows.c.state))
    }


def _open_count(actor: Actor) -> int:
    return counts_of(actor).get(BidState.PLACED, 0)


def _named(form: Form, members: Sequence[Any]) -> UUID | None:
    """The member whom an agency's form names, if it names one."""
    named = form.values.get("creator_id")
    return next((link.creator_id for link in members if ids.encode("pty", link.creator_id) == named), None)


def _bid_page(task: Task, bid: Bid | None, form: Form) -> str:
    actor = current_actor()
    members = _members(actor)
    me = cast(UUID, actor.party_id)
    mine = media.mine(actor).where(Asset.kind == Kind.VIDEO, Asset.state == AssetState.READY)
    clips = db.session.scalars(mine.order_by(Asset.id.desc()).limit(12)).all()
    known = profiles([me, *(link.creator_id for link in members)])
    rates = {id: listed(each, *task.piece) for id, each in known.items()}
    rows = [
        int(name.split(".")[1]) for name in form.values if name.startswith("links.") and form.values[name]
    ]
    waiting = queries.waiting(actor).where(Invitation.task_id == task.id)
    commission = bid.commission_bps if bid else 0
    whose = bid.creator_id if bid else me if actor.role is Role.CREATOR else _named(form, members)
    return render_template(
        "bids/bid.html",
        **brief_context(task),
        bid=bid,
        answer=said(bid) if bid else "",
        form=form,
        members=[(ids.encode("pty", link.creator_id), link, rates.get(link.creator_id)) for link in members],
        may_change=bid is None or (bid.is_placed and task.is_taking_bids and policy.may_change(actor, bid)),
        may_withdraw=bid is not None and bid.is_placed and policy.may_withdraw(actor, bid),
        verified=actor.verified,
        rate=rates.get(me),
        clips=[
            {"id": ids.encode("ast", clip.id), "name": clip.filename, "poster": clip.poster_url}
            for clip in clips
        ],
        link_rows=range(min(max(rows, default=-1) + 2, 5)),
        last_day=service.last_day(task) if task.deadline else None,
        first_day=service.today(),
        invitation=db.session.scalar(waiting.limit(1)) if bid is None else None,
        advice=registry.advice(task, whose, bid.price_fen if bid else None),
        advice_for=whose,
        net=example(commission, price_fen=bid.price_fen) if bid else None,
        figures=figures,
        prefix=PREFIX[actor.role],
        sent=InvitationState.SENT,
    )

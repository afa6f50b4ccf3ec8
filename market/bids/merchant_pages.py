"""The merchant's side: a brief with its bids to compare, and invitations."""

from typing import Any, cast
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import party_named
from market.accounts.story import entries_of
from market.bids import invitations, queries
from market.bids.answers import said
from market.bids.blueprint import bp
from market.bids.errors import NotCreator
from market.bids.models import Bid, BidState
from market.bids.schemas import InviteFormSchema
from market.creators.pages import card_of as creator_card
from market.creators.queries import profile, profiles
from market.creators.words import listed
from market.kit.db import db, transaction
from market.kit.events import history
from market.kit.figures import figures
from market.kit.money import split
from market.kit.pages import Form, read_form
from market.kit.words import N_, _, say
from market.media.queries import assets
from market.tasks import policy as briefs
from market.tasks import queries as tasks
from market.tasks.models import Task, TaskState
from market.tasks.shown import brief_context

SORTS = {
    "price": (N_("报价最低"), lambda row: row["bid"].price_fen),
    "soon": (N_("交付最早"), lambda row: row["bid"].delivery_on),
    "fans": (N_("粉丝最多"), lambda row: -(row["card"]["fans"] or 0)),
    "new": (N_("最新投稿"), lambda row: -row["bid"].id.int),
}

STORY = {
    "task.drafted": (N_("写了草稿"), "pencil", ""),
    "task.opened": (N_("发布了需求"), "send", "act"),
    "task.taken_back": (N_("撤回为草稿"), "undo-2", ""),
    "task.closed": (N_("停止接受投稿"), "circle-stop", ""),
    "task.awarded": (N_("选定了投稿"), "handshake", "good"),
    "task.cancelled": (N_("取消了需求"), "circle-x", ""),
}


@bp.get("/m/tasks/<pid('tsk'):task_id>")
@hat(Role.MERCHANT)
def own_brief(task_id: UUID) -> Any:
    """A brief of one's own: its bids side by side, whom one invited, what it says."""
    task = tasks.find_own(task_id, current_actor())
    if task.is_draft:
        return redirect(url_for("tasks.edit", task_id=task_id), 303)
    return _brief_page(task, Form({"creator": request.args.get("creator", "")}))


@bp.post("/m/tasks/<pid('tsk'):task_id>/invitations")
@hat(Role.MERCHANT)
def invite(task_id: UUID) -> Any:
    """By handle or e-mail typed here, or by the creator's id from a list of matches."""
    actor = current_actor()
    task = tasks.find_own(task_id, actor)
    require(briefs.may_run(actor, task))
    form = read_form(InviteFormSchema())
    with form.attempt():
        asked = form.data
        named = None if asked["creator_id"] else party_named(asked["creator"], Role.CREATOR)
        creator_id = asked["creator_id"] or (named.id if named else None)
        if creator_id is None:
            raise NotCreator(field="creator")
        with transaction():
            sent = invitations.invite(task_id, creator_id, message=asked["message"], by=actor)
        flash(_("已邀请 %(name)s。", name=sent.creator.name), "success")
        return redirect(_after_invite(task_id), 303)
    if asked_elsewhere():
        flash(" ".join(text for texts in form.errors.values() for text in texts), "danger")
        return redirect(_after_invite(task_id), 303)
    return _brief_page(task, form), form.status


@bp.get("/m/invite")
@hat(Role.MERCHANT)
def choose_brief() -> Any:
    """From a creator's page: for which of one's open briefs?"""
    actor = current_actor()
    creator = party_named(request.args.get("creator", ""), Role.CREATOR)
    if creator is None or not creator.is_verified:
        raise NotCreator
    mine = tasks.of_merchant(actor).where(Task.state == TaskState.OPEN).order_by(Task.id.desc()).limit(50)
    open_ones = [task for task in db.session.scalars(mine) if task.is_taking_bids]
    done = {
        task.id: queries.invitation_for(task.id, creator.id) or queries.live_of(creator.id, task.id)
        for task in open_ones
    }
    offered = profile(creator.id)
    return render_template(
        "bids/invite.html",
        creator=creator,
        tasks=open_ones,
        done=done,
        prices={task.id: listed(offered, *task.piece) for task in open_ones} if offered else {},
        hours=figures.invitation_h,
        quota=invitations.stranger_quota(cast(UUID, actor.party_id)),
        a_day=figures.stranger_invitations_a_day,
    )


def asked_elsewhere() -> bool:
    """Whether the form stands on another page, which this one cannot render again."""
    return request.form.get("back") == "matches" or "creator_id" in request.form


def _after_invite(task_id: UUID) -> str:
    if request.form.get("back") == "brief" or "creator_id" not in request.form:
        return url_for("bids.own_brief", task_id=task_id) + "#invitations"
    return url_for("matching.creators", task_id=task_id)


def _brief_page(task: Task, form: Form) -> str:
    found = [] if task.hides_bids else list(queries.of_task(task.id))
    known = profiles(bid.creator_id for bid in found)
    clips = assets([asset_id for bid in found for asset_id in bid.asset_ids or []])
    rows = [_row(bid, known, clips) for bid in found]
    live = [row for row in rows if row["bid"].state in (BidState.PLACED, BidState.AWARDED, BidState.LOST)]
    sort = request.args.get("sort", "price")
    sort = sort if sort in SORTS else "price"
    live.sort(key=SORTS[sort][1])
    live.sort(key=lambda row: row["bid"].state is not BidState.AWARDED)
    sent = queries.invitations_of_task(task.id)
    prices = [row["bid"].price_fen for row in live]
    return render_template(
        "bids/own_brief.html",
        **brief_context(task),
        form=form,
        rows=live,
        withdrawn=[row for row in rows if row["bid"].state is BidState.WITHDRAWN],
        sort=sort,
        sorts=[(name, say(text)) for name, (text, _key) in SORTS.items()],
        span=(min(prices), max(prices)) if prices else None,
        sent=sent,
        pending=sum(1 for each in sent if each.is_open),
        most=figures.pending_invitations,
        hours=figures.invitation_h,
        quota=invitations.stranger_quota(task.merchant_id),
        a_day=figures.stranger_invitations_a_day,
        lapse_h=figures.funding_lapse_h,
        story=_story(task),
    )


def _row(bid: Bid, known: dict[UUID, Any], clips: dict[UUID, Any]) -> dict[str, Any]:
    """One bid as the comparison shows it."""
    mine = known.get(bid.creator_id)
    bare = {
        "name": bid.creator.name,
        "href": "",
        "fans": 0,
        "reply_bps": None,
        "answers_in": "",
        "city": "",
        "level": "",
    }
    weights = [figures.milestone_script, figures.milestone_draft, figures.milestone_published]
    return {
        "bid": bid,
        "told": said(bid),
        "card": creator_card(mine) if mine else bare,
        "clips": [clips[key] for key in bid.asset_ids or [] if key in clips and clips[key].is_ready],
        "stages": list(zip((_("脚本"), _("初稿"), _("发布")), split(bid.price_fen, weights), strict=True)),
    }


def _story(task: Task) -> list[dict[str, Any]]:
    return entries_of(history(task.id), STORY, unnamed=task.merchant_id)

"""The shortlist of a merchant's team, and its brief to several creators."""

from typing import Any, cast
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, hat, require
from market.accounts.queries import parties, people
from market.accounts.vocabulary import Format, Piece
from market.bids import invitations, shortlists
from market.bids.blueprint import bp
from market.bids.schemas import ShortlistFormSchema, ShortlistSendFormSchema
from market.creators.pages import card_of
from market.creators.queries import profiles
from market.creators.words import listed
from market.kit import ids
from market.kit.db import db, transaction
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.words import _
from market.tasks import policy as briefs
from market.tasks import queries as tasks
from market.tasks.models import Task, TaskState


@bp.app_context_processor
def shortlisted() -> dict[str, Any]:
    return {"is_shortlisted": is_shortlisted}


def is_shortlisted(creator_id: UUID) -> bool:
    """One statement for a whole page."""
    if "shortlisted" not in g:
        actor = actor_or_none()
        g.shortlisted = {row.creator_id for row in shortlists.entries(actor)} if actor else set()
    return creator_id in g.shortlisted


@bp.get("/m/shortlist")
@hat(Role.MERCHANT)
def shortlist() -> Any:
    return _page(Form())


@bp.post("/m/shortlist")
@hat(Role.MERCHANT)
def change_shortlist() -> Any:
    """Put on, take off, or write a note; from the list, or from a creator's page."""
    actor = current_actor()
    require(briefs.may_write(actor))
    form = read_form(ShortlistFormSchema())
    with form.attempt():
        said = form.data
        with transaction():
            if said["keep"]:
                note = (said["note"] or "") if "note" in request.form else None
                shortlists.keep(said["creator_id"], note, by=actor)
            else:
                shortlists.drop(said["creator_id"], by=actor)
        if "HX-Request" in request.headers:
            return render_template("bids/_keep.html", party_id=said["creator_id"])
        if "note" in request.form:
            flash(_("备注已保存。"), "success")
        else:
            flash(_("已加入候选名单。") if said["keep"] else _("已移出候选名单。"), "success")
        return redirect(url_for("bids.shortlist"), 303)
    return _page(form), form.status


@bp.post("/m/shortlist/invitations")
@hat(Role.MERCHANT)
def invite_shortlist() -> Any:
    """One brief to all who are ticked."""
    actor = current_actor()
    form = read_form(ShortlistSendFormSchema())
    with form.attempt():
        said = form.data
        task = tasks.find_own(said["task_id"], actor)
        require(briefs.may_run(actor, task))
        sent = shortlists.invite_all(task.id, said["creator_ids"], said["message"], by=actor)
        done = [each for each in sent if each.invitation]
        if done:
            flash(_("已邀请 %(n)s 位创作者。", n=len(done)), "success")
        names = parties(each.creator_id for each in sent)
        for each in sent:
            if not each.invitation:
                flash(_("%(name)s：%(why)s", name=names[each.creator_id].name, why=each.refused), "danger")
        if done:
            return redirect(url_for("bids.own_brief", task_id=task.id) + "#invitations", 303)
        return redirect(url_for("bids.shortlist"), 303)
    return _page(form), form.status


def _page(form: Form) -> str:
    actor = current_actor()
    rows = shortlists.entries(actor)
    known = profiles(row.creator_id for row in rows)
    mine = tasks.of_merchant(actor).where(Task.state == TaskState.OPEN).order_by(Task.id.desc()).limit(50)
    open_ones = [task for task in db.session.scalars(mine) if task.is_taking_bids]
    pieces = {ids.encode("tsk", task.id): task.piece for task in open_ones}
    chosen = form.values.get("task_id") or request.args.get("task_id", "")
    return render_template(
        "bids/shortlist.html",
        rows=rows,
        cards={id: card_of(each) for id, each in known.items()},
        names=people([row.added_by for row in rows]),
        tasks=open_ones,
        codes={task: piece.code for task, piece in pieces.items()},
        by_hour=Piece(Format.LIVE).code,
        chosen=chosen,
        quota=invitations.stranger_quota(cast(UUID, actor.party_id)),
        a_day=figures.stranger_invitations_a_day,
        now=pieces.get(chosen, next(iter(pieces.values()), Piece(Format.VIDEO))).code,
        prices={
            id: [
                (piece.code, each.price(*piece), listed(each, *piece))
                for piece in dict.fromkeys(pieces.values())
            ]
            for id, each in known.items()
        },
        form=form,
        most=shortlists.MOST,
    )

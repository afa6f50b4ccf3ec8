"""The inbox: notices and threads."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import func

from market.accounts.actor import Right
from market.accounts.edge import current_actor, require, signed_in, wear_any
from market.accounts.queries import parties
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.pages import Form, local_path, read_form
from market.kit.paging import page_of
from market.messages import catalogue, queries, service
from market.messages.models import Notice, Thread
from market.messages.schemas import SaySchema

bp = Blueprint("messages", __name__)


@bp.get("/inbox")
@signed_in
def inbox() -> Any:
    actor = current_actor()
    shown = page_of(queries.notices(actor), Notice.id, limit=30, cursor=request.args.get("cursor"))
    threads = db.session.scalars(
        queries.visible_to(actor).order_by(func.coalesce(Thread.last_at, Thread.created_at).desc()).limit(50)
    ).all()
    return render_template(
        "messages/inbox.html",
        notices=shown,
        threads=threads,
        unread=queries.unread_threads(actor),
        names=parties(party for thread in threads for party in thread.parties),
        catalogue=catalogue,
    )


@bp.post("/inbox/reading")
@signed_in
def read_all() -> Any:
    with transaction():
        service.read_notices(current_actor())
    return redirect(url_for("messages.inbox"), 303)


@bp.post("/inbox/<pid('ntc'):notice_id>")
@signed_in
def open_notice(notice_id: UUID) -> Any:
    """Mark the notice as read and go where it leads."""
    actor = current_actor()
    notice = db.session.scalar(queries.notices(actor).where(Notice.id == notice_id))
    if notice is None:
        raise NotFound
    address = catalogue.address(notice.name, notice.subject_id, notice.data)
    with transaction():
        service.read_notices(actor, notice_id)
    return redirect(local_path(address), 303)


@bp.route("/threads/<pid('thr'):thread_id>", methods=["GET", "POST"])
@signed_in
def thread(thread_id: UUID) -> Any:
    """Read and answer; posts from an order's page go back there."""
    found = db.session.get(Thread, thread_id)
    if found:
        wear_any(found.parties)
    actor = current_actor()
    form = Form()
    if request.method == "POST":
        require(actor.may(Right.TALK))
        form = read_form(SaySchema(), without(request.form, "next"))
        with form.attempt():
            with transaction():
                service.say(queries.find_visible(thread_id, actor, lock=True), form.data["text"], by=actor)
            return redirect(
                local_path(request.form.get("next"), url_for("messages.thread", thread_id=thread_id)), 303
            )
    with transaction():
        shown = queries.find_visible(thread_id, actor)
        service.mark_read(shown, by=actor)
    return render_template(
        "messages/thread.html",
        thread=shown,
        messages=queries.messages(shown),
        names=parties(shown.parties),
        form=form,
    ), form.status


def without(posted: Any, *names: str) -> Any:
    """The posted form less some fields."""
    kept = posted.copy()
    for name in names:
        kept.poplist(name)
    return kept

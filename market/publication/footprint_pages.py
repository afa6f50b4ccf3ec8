"""What one watched, for oneself only."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.edge import current_actor, signed_in
from market.audience import queries, service
from market.audience.models import Footprint
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.ids import decode
from market.kit.paging import page_of
from market.kit.words import _
from market.publication.cards import video_cards
from market.video import queries as video

bp = Blueprint("footprints", __name__)


@bp.get("/footprints")
@signed_in
def index() -> Any:
    """Newest first; what was withdrawn since is not shown."""
    page = page_of(
        queries.visible_to(current_actor()), Footprint.id, limit=24, cursor=request.args.get("cursor")
    )
    cards = {card["id"]: card for card in video_cards(video.videos(step.entry_id for step in page))}
    steps = [(step, cards[step.entry_id]) for step in page if step.entry_id in cards]
    return render_template(
        "audience/footprints.html", steps=steps, any=bool(page.data), next_cursor=page.next_cursor
    )


@bp.post("/footprints")
@signed_in
def remove() -> Any:
    """`video_id` takes one away; without it, all are."""
    asked = request.form.get("video_id")
    with transaction():
        if asked:
            try:
                service.remove(decode("vid", asked), current_actor())
            except ValueError as wrong:
                raise NotFound from wrong
        else:
            service.clear(current_actor())
    flash(_("已删除。") if asked else _("已全部清除。"), "success")
    return redirect(url_for("publication.footprints.index"), 303)

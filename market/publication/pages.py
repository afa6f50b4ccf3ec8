"""The public pages where the shelves are looked at, and taking work off a shelf."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request

from market.accounts.edge import current_actor, require, signed_in
from market.kit.db import transaction
from market.kit.pages import local_path
from market.kit.words import _
from market.publication import (
    collection_pages,
    feed_pages,
    film_pages,
    footprint_pages,
    live_pages,
    policy,
    queries,
    service,
    shop_pages,
    standing_pages,
    video_pages,
)

bp = Blueprint("publication", __name__)
for part in (
    video_pages.bp,
    film_pages.bp,
    footprint_pages.bp,
    collection_pages.bp,
    shop_pages.bp,
    feed_pages.bp,
    live_pages.bp,
    standing_pages.bp,
):
    bp.register_blueprint(part)


@bp.post("/publications/<pid('pub'):publication_id>/withdrawal")
@signed_in
def withdraw(publication_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        publication = queries.find_visible(publication_id, actor, lock=True)
        require(policy.may_withdraw(actor, publication))
        service.withdraw(publication, reason="asked", by=actor)
    flash(_("已从所有页面下架。"), "success")
    return redirect(local_path(request.form.get("next"), "/discover"), 303)

"""The follow button, on whatever page it stands (templates/feed/_follow.html)."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request

from market.accounts.edge import actor_or_none, current_actor, require, signed_in
from market.accounts.queries import find_party
from market.feed import policy, queries, service
from market.kit.db import transaction
from market.kit.pages import local_path

bp = Blueprint("feed", __name__)


@bp.app_context_processor
def follow_words() -> dict[str, Any]:
    """What the button asks, wherever it is included."""
    return {
        "is_following": lambda party_id: queries.is_following(actor_or_none(), party_id),
        "followers_of": queries.followers,
        "may_follow": lambda party_id: _may_follow(party_id),
    }


def _may_follow(party_id: UUID) -> bool:
    """Shown to strangers too: clicking it takes them to sign in. Not to oneself, nor to operators."""
    actor = actor_or_none()
    return actor is None or (policy.may_follow(actor) and not actor.is_party(party_id))


@bp.post("/follows/<pid('pty'):party_id>")
@signed_in
def follow(party_id: UUID) -> Any:
    """`follow=1` follows, `follow=0` stops; the button alone comes back to htmx, else the page it stood on."""
    actor = current_actor()
    require(policy.may_follow(actor))
    with transaction():
        if request.form.get("follow") == "0":
            service.unfollow(party_id, by=actor)
        else:
            service.follow(party_id, by=actor)
    if request.headers.get("HX-Request"):
        return render_template("feed/_follow.html", party_id=find_party(party_id).id)
    return redirect(local_path(request.form.get("next")), 303)

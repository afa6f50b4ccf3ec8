"""A merchant's look at whom he sells to."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, render_template

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat
from market.kit.figures import figures
from market.portraits import queries
from market.portraits.models import Whose

bp = Blueprint("portraits", __name__)


@bp.get("/m/insight")
@hat(Role.MERCHANT)
def buyers() -> Any:
    actor = current_actor()
    latest = queries.find(cast(UUID, actor.party_id), Whose.BUYERS, actor)
    return render_template("portraits/buyers.html", latest=latest, least=figures.portrait_least)

"""The shortlist of a brief, and the briefs that suit a creator."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat
from market.kit.errors import NotFound
from market.matching import service
from market.tasks import queries as tasks

bp = Blueprint("matching", __name__)


@bp.get("/m/tasks/<pid('tsk'):task_id>/matches")
@hat(Role.MERCHANT)
def creators(task_id: UUID) -> Any:
    """Ranked creators with the split of the score and what each part rests on."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    if not actor.is_party(task.merchant_id):
        raise NotFound
    return render_template("matching/creators.html", task=task, matches=service.rank(task, 20))


@bp.get("/u/matches")
@hat(Role.CREATOR)
def briefs() -> Any:
    """Open briefs, best fit first."""
    actor = current_actor()
    assert actor.party_id
    return render_template("matching/briefs.html", matches=service.briefs_for(actor.party_id, 30))

"""The shortlist of a brief, and the briefs that suit a creator."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat
from market.effect import advice
from market.kit.errors import NotFound
from market.matching import service
from market.tasks import queries as tasks
from market.tasks.registry import Fit, register_fits, register_picks

bp = Blueprint("matching", __name__)


def fit(match: service.Match) -> Fit:
    return Fit(match.fit, match.reasons[0].text if match.reasons else "")


def picks(creator_id: UUID, limit: int) -> Sequence[tuple[UUID, Fit]]:
    """The best open briefs, for the creator's own pages."""
    return [(match.task.id, fit(match)) for match in service.briefs_for(creator_id, limit)]


register_picks(picks)
register_fits(lambda creator_id, tasks: {m.task.id: fit(m) for m in service.fits(creator_id, tasks)})


@bp.get("/m/tasks/<pid('tsk'):task_id>/matches")
@hat(Role.MERCHANT)
def creators(task_id: UUID) -> Any:
    """Ranked creators with the split of the score and what each part rests on."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    if not actor.is_party(task.merchant_id):
        raise NotFound
    matches = service.rank(task, 20)
    known = advice.for_task(task)
    return render_template("matching/creators.html", task=task, matches=matches, advice=known)


@bp.get("/u/matches")
@hat(Role.CREATOR)
def briefs() -> Any:
    """Open briefs, best fit first."""
    actor = current_actor()
    assert actor.party_id
    return render_template("matching/briefs.html", matches=service.briefs_for(actor.party_id, 30))

"""The shortlist of a brief, and the briefs that suit a creator."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Right, Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import find_party, people
from market.bids.queries import invitations_of_task
from market.creators.queries import find_visible as find_creator
from market.creators.queries import profile as find_profile
from market.effect import advice
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.pages import Form, read_form
from market.kit.words import _
from market.matching import challenger, learning, rankings, service
from market.matching.acceptance import LEAST_BRIEFS
from market.matching.learned_models import AcceptanceModel, RankingModel, Side
from market.matching.schemas import MOST, PageSchema, PromotionSchema
from market.matching.turns import PAGE
from market.portraits.models import Whose
from market.portraits.queries import find as find_portrait
from market.portraits.schemas import comparison_out
from market.tasks import queries as tasks
from market.tasks.registry import Fit, register_fits, register_picks

bp = Blueprint("matching", __name__)

FEW = 5
"""With fewer on the list, the page says what would bring more."""


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
    asked = read_form(PageSchema(), request.args)
    show = PAGE if asked.errors else asked.data["show"]
    matches = service.rank(task, show)
    with transaction():
        service.note_shown(Side.CREATORS, matches, on_page=True)
    known = advice.for_task(task)
    return render_template(
        "matching/creators.html",
        task=task,
        matches=matches,
        advice=known,
        invitations={each.creator_id: each for each in invitations_of_task(task_id)},
        more=min(show + PAGE, MOST) if len(matches) == show < MOST else None,
        ways=service.loosenings(task, len(matches)) if len(matches) < FEW else [],
    )


@bp.get("/u/matches")
@hat(Role.CREATOR)
def briefs() -> Any:
    """Open briefs, best fit first."""
    actor = current_actor()
    assert actor.party_id
    matches = service.briefs_for(actor.party_id, 30)
    with transaction():
        service.note_shown(Side.BRIEFS, matches, on_page=True)
    return render_template(
        "matching/briefs.html", matches=matches, has_profile=bool(matches) or find_profile(actor.party_id)
    )


@bp.get("/m/tasks/<pid('tsk'):task_id>/matches/<pid('pty'):creator_id>")
@hat(Role.MERCHANT)
def open_creator(task_id: UUID, creator_id: UUID) -> Any:
    """From the list to a creator's page; that it was opened is kept."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    if not actor.is_party(task.merchant_id):
        raise NotFound
    with transaction():
        learning.open_shown(Side.CREATORS, task_id, creator_id)
    return redirect(f"/c/{find_party(creator_id).handle}", 303)


@bp.get("/m/tasks/<pid('tsk'):task_id>/matches/<pid('pty'):creator_id>/portraits")
@hat(Role.MERCHANT)
def portraits(task_id: UUID, creator_id: UUID) -> Any:
    """The merchant's buyers beside the creator's fans."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    if not actor.is_party(task.merchant_id):
        raise NotFound
    creator = find_creator(creator_id, actor)
    buyers, fans, found = service.portraits(task, creator.party_id)
    return render_template(
        "matching/portraits.html",
        task=task,
        creator=creator,
        buyers=buyers,
        fans=fans,
        found=found,
        out=comparison_out(buyers, fans, found),
        least=figures.portrait_least,
        too_few=buyers is None and find_portrait(task.merchant_id, Whose.BUYERS, actor).too_few,
    )


@bp.get("/u/matches/<pid('tsk'):task_id>")
@hat(Role.CREATOR)
def open_brief(task_id: UUID) -> Any:
    """From the list to a brief; that it was opened is kept."""
    actor = current_actor()
    assert actor.party_id
    with transaction():
        learning.open_shown(Side.BRIEFS, task_id, actor.party_id)
    return redirect(f"/t/{encode('tsk', task_id)}", 303)


@bp.get("/ops/learning")
@hat(Role.OPERATOR)
def desk() -> Any:
    return _desk(Form(), None)


def _desk(form: Form, at: UUID | None) -> Any:
    models, orders = learning.models(AcceptanceModel), learning.models(RankingModel)
    page = render_template(
        "matching/learning.html",
        orders=orders,
        least_lists=rankings.LEAST,
        least_later=challenger.LEAST_BRIEFS,
        lists=0 if orders else len(rankings.choices()),
        funnel=learning.funnel(),
        days=learning.FUNNEL_DAYS,
        models=models,
        names=people([each.promoted_by for each in models] + [each.promoted_by for each in orders]),
        least=learning.LEAST,
        least_briefs=LEAST_BRIEFS,
        kept=learning.KEPT_DAYS,
        may=current_actor().may(Right.RUN),
        form=form,
        at=at,
    )
    return page, form.status


@bp.post("/ops/learning/<pid('acm'):model_id>/promotion")
@hat(Role.OPERATOR)
def promote(model_id: UUID) -> Any:
    return _promoted(AcceptanceModel, model_id)


@bp.post("/ops/learning/<pid('rkm'):model_id>/order")
@hat(Role.OPERATOR)
def promote_order(model_id: UUID) -> Any:
    return _promoted(RankingModel, model_id)


def _promoted(kind: Any, model_id: UUID) -> Any:
    actor = current_actor()
    require(actor.may(Right.RUN))
    form = read_form(PromotionSchema())
    with form.attempt():
        given = form.data
        with transaction():
            learning.promote(kind, model_id, given["reason"], by=actor)
        flash(_("已换用这个版本，接下来的排序就按它算。"), "success")
        return redirect(url_for("matching.desk"), 303)
    return _desk(form, model_id)

"""JSON: the plan of a brief, and inviting the chosen."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from market.accounts.edge import current_actor, require
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.planning import queries, rush, service, words
from market.planning.rush_models import RushOffer, RushRun
from market.planning.schemas import (
    CampaignPlanSchema,
    PlanInvitedListSchema,
    PlanInviteSchema,
    RushAskedSchema,
    RushOfferSchema,
    RushRunSchema,
    WishSchema,
)
from market.planning.service import Plan
from market.planning.wishes import Wish
from market.tasks import policy
from market.tasks import queries as tasks

bp = ApiBlueprint("planning", __name__, description="A budget and a goal become a set of creators")


@bp.get("/tasks/<pid('tsk'):task_id>/plan")
@bp.arguments(WishSchema, location="query")
@bp.response(200, CampaignPlanSchema)
def get_plan(wish: Wish, task_id: UUID) -> dict[str, Any]:
    """The best set for the wish, what each limit costs, standbys and calendar. Nothing is kept: ask again to try another."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    require(actor.is_party(task.merchant_id) or actor.is_operator)
    return dumped(service.plan(task, wish))


@bp.get("/tasks/<pid('tsk'):task_id>/plan/invitations")
@bp.response(200, PlanInvitedListSchema)
def list_invited(task_id: UUID) -> dict[str, Any]:
    """Whom the plan invited so far."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    require(actor.is_party(task.merchant_id) or actor.is_operator)
    return {"data": queries.picks(task.id, actor)}


@bp.post("/tasks/<pid('tsk'):task_id>/plan/invitations")
@bp.arguments(PlanInviteSchema)
@bp.response(201, PlanInvitedListSchema)
def invite(given: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Invite creators, each to a copy of the brief at their listed price. Who was invited before is passed over."""
    actor = current_actor()
    with transaction():
        task = tasks.find_own(task_id, actor, lock=True)
        require(policy.may_run(actor, task))
        service.invite(task, given["creators"], given["d_day"], by=actor)
        return {"data": queries.picks(task.id, actor)}


@bp.post("/rush-runs")
@bp.arguments(RushAskedSchema)
@bp.response(201, RushRunSchema)
def ask_rush(given: dict[str, Any]) -> RushRun:
    """Operators: propose creators for all open briefs at once. One run at a time; it is carried out by the schedule.

    `again` chooses in seconds from what the last run looked at, without who declined since; 409 `nothing-kept` when that
    is more than two hours old."""
    actor = current_actor()
    require(actor.is_operator)
    with transaction():
        return rush.ask(actor, **given)


@bp.get("/rush-runs")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(RushRunSchema))
def list_rush(query: dict[str, Any]) -> Page[RushRun]:
    """Operators: the runs, newest first, with progress."""
    require(current_actor().is_operator)
    return page_of(select(RushRun), RushRun.id, **query)


@bp.get("/rush-offers")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(RushOfferSchema))
def list_offers(query: dict[str, Any]) -> Page[RushOffer]:
    """The latest run's offers: of one's briefs, or to oneself."""
    return page_of(rush.visible_to(current_actor()), RushOffer.id, **query)


@bp.post("/rush-offers/<pid('rof'):offer_id>/decline")
@bp.response(200, RushOfferSchema)
def decline_offer(offer_id: UUID) -> RushOffer:
    """Either side: not this one. It is not proposed again."""
    actor = current_actor()
    with transaction():
        offer = rush.find(offer_id, actor)
        require(not actor.is_operator)
        return rush.decline(offer, by=actor)


@bp.post("/rush-offers/<pid('rof'):offer_id>/invitation")
@bp.response(200, RushOfferSchema)
def invite_offered(offer_id: UUID) -> RushOffer:
    """The merchant: invite whom the run proposed."""
    actor = current_actor()
    with transaction():
        offer = rush.find(offer_id, actor)
        require(policy.may_run(actor, offer.task))
        return rush.invite(offer, by=actor)


def dumped(plan: Plan) -> dict[str, Any]:
    chosen = plan.chosen
    return {
        "goal": plan.goal,
        "candidates": plan.candidates,
        "kept_out": plan.kept_out,
        "picks": plan.picks,
        "value": chosen.value if chosen else 0.0,
        "price_fen": chosen.price_fen if chosen else 0,
        "gap": chosen.gap if chosen else 0.0,
        "plays": plan.plays,
        "interactions": plan.interactions,
        "second": plan.second,
        "larger": plan.larger,
        "gains": [
            {
                "code": gain.code,
                "text": words.of_gain(gain, plan.goal),
                "value": gain.value,
                "people": gain.people,
                "price_fen": gain.price_fen,
            }
            for gain in plan.gains
        ],
        "cures": [
            {"code": cure.code, "text": words.of_cure(cure), "people": cure.people} for cure in plan.cures
        ],
        "late_any": plan.late_any,
        "unsure": plan.unsure,
        "calendar": plan.calendar,
    }

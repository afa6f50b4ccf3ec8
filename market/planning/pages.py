"""/m/tasks/<brief>/plan: the planner's desk. Every change of the wish is an address of its own."""

from dataclasses import replace
from datetime import timedelta
from math import ceil, floor
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.bids.service import today
from market.kit import ids
from market.kit.db import transaction
from market.kit.pages import Form, read_form
from market.kit.words import _, say
from market.matching.service import loosenings
from market.planning import queries, rush_pages, service, words
from market.planning.blueprint import bp
from market.planning.choice import Chosen
from market.planning.schemas import PlanInviteSchema, WishForm
from market.planning.service import Plan
from market.planning.wishes import FILTERS, GOALS, Wish
from market.tasks import policy
from market.tasks import queries as tasks
from market.tasks.models import Task

TUNING = {"least": "1", "of_an_agency": "3", "level_min": "0", "late_percent": ""}
"""The limits that are folded away while they are as they begin."""
TUNED = TUNING.keys()

AT_FIRST: dict[str, Any] = {"most": 10, "least": 1, "of_an_agency": 3}

STEPS, MOST_STEPS = (10, 50, 100, 500, 1000, 5000, 10_000), 200
"""A step of the budget's slider in yuan: the smallest that makes no more than so many."""

PEOPLE_AT_FIRST = 3
"""Before a budget is typed, one for so many at the brief's own budget is tried."""


@bp.get("/m/tasks/<pid('tsk'):task_id>/plan")
@hat(Role.MERCHANT)
def plan(task_id: UUID) -> Any:
    """The best set for what is asked, and what each limit costs."""
    task = tasks.find_own(task_id, current_actor())
    if "budget_fen" in request.args:
        form = read_form(WishForm(), request.args)
        wish: Any = None if form.errors else form.data
        if wish:  # the inputs show what was left out, too
            form = Form(values_of(wish))
        else:
            form.values = AT_FIRST | {name: value for name, value in form.values.items() if value}
    else:
        fen = PEOPLE_AT_FIRST * (task.budget_fen or 0)
        wish = Wish(budget_fen=fen) if fen else None
        form = Form(values_of(wish) if wish else AT_FIRST.copy())
    if not form.errors and not form.values.get("d_day"):
        form.values["d_day"] = (today() + timedelta(days=service.D_DAYS)).isoformat()
    return page(task, form, wish), form.status


def page(task: Task, form: Form, wish: Any) -> str:
    actor = current_actor()
    made = service.plan(task, wish) if wish else None
    return render_template(
        "planning/plan.html",
        task=task,
        form=form,
        plan=made,
        goals=[(code.value, say(name)) for code, name in GOALS.items()],
        reach=reach(made) if made else None,
        kept_out=[(say(FILTERS[name]), n) for name, n in made.kept_out.items()] if made else [],
        gains=[(words.of_gain(each, made.goal), address(task, each.wish)) for each in made.gains]
        if made
        else [],
        cures=[(words.of_cure(each), address(task, each.wish) if each.wish else "") for each in made.cures]
        if made
        else [],
        ways=loosenings(task) if made and not made.people else [],
        earlier=address(task, replace(wish, d_day=made.calendar.earliest)) if made else "",
        unknown=sum(not pick.person.record.n for pick in made.picks) if made else 0,
        without=lambda pick: address(task, replace(wish, never=wish.never | {pick}, must=wish.must - {pick})),
        keeping=lambda pick: address(task, replace(wish, must=wish.must | {pick})),
        loose=lambda pick: address(task, replace(wish, must=wish.must - {pick})),
        back=lambda pick: address(task, replace(wish, never=wish.never - {pick})),
        sets=sets(made) if made else [],
        taking=lambda chosen: address(task, replace(wish, must=chosen.ids, never=wish.never - chosen.ids)),
        tuned=bool(form.values.get("exclusive") or TUNED & form.errors.keys())
        or any(str(form.values.get(name) or was) != was for name, was in TUNING.items()),
        offers=rush_pages.offers(task.id),
        invited=queries.picks(task.id, actor),
        may=policy.may_run(actor, task),
    )


def reach(plan: Plan) -> tuple[int, int, int] | None:
    """How far the budget's slider goes, in yuan: from the lowest price to where everybody wanted fits; and its step."""
    prices = sorted(each.price_fen for each in plan.people.values() if each.price_fen)
    if not prices:
        return None
    least, most = prices[0] / 100, max(sum(prices[-plan.wish.most :]), plan.wish.budget_fen) / 100
    step = next(step for step in STEPS if (most - least) / step <= MOST_STEPS or step == STEPS[-1])
    return floor(least / step) * step, ceil(most / step) * step, step


def sets(plan: Plan) -> list[tuple[str, Chosen, list[str], list[str]]]:
    """The other sets: heading, set, who comes and who goes."""
    assert plan.chosen is not None or not plan.picks
    found = []
    for heading, other in ((_("换一组人"), plan.second), (_("人更多"), plan.larger)):
        if other and plan.chosen:
            names = {id: person.match.creator.party.name for id, person in plan.people.items()}
            comes = [names[id] for id in sorted(other.ids - plan.chosen.ids)]
            goes = [names[id] for id in sorted(plan.chosen.ids - other.ids)]
            found.append((heading, other, comes, goes))
    return found


@bp.post("/m/tasks/<pid('tsk'):task_id>/plan/invitations")
@hat(Role.MERCHANT)
def invite(task_id: UUID) -> Any:
    """Invite the chosen, each to a brief of their own. A second click finds them invited."""
    actor = current_actor()
    form = read_form(PlanInviteSchema())
    with form.attempt():
        with transaction():
            task = tasks.find_own(task_id, actor, lock=True)
            require(policy.may_run(actor, task))
            made = service.invite(task, form.data["creators"], form.data["d_day"], by=actor)
        flash(_("已邀请 %(n)s 位创作者，每人一条自己的需求。", n=len(made)), "success")
        return redirect(url_for("planning.plan", task_id=task_id) + "#invited", 303)
    flash(" ".join(text for texts in form.errors.values() for text in texts), "error")
    back = request.form.get("back", "")
    return redirect(url_for("planning.plan", task_id=task_id) + (f"?{back}" if back else ""), 303)


def values_of(wish: Wish) -> dict[str, Any]:
    """What the form's inputs show for a wish."""
    shown = dict(WishForm().dump(wish))
    shown["goal"] = wish.goal.value
    shown["exclusive"] = "true" if wish.exclusive else ""
    shown["must"] = [ids.encode("pty", each) for each in sorted(wish.must)]
    shown["never"] = [ids.encode("pty", each) for each in sorted(wish.never)]
    return {name: value for name, value in shown.items() if value not in (None, "", [])}


def address(task: Task, wish: Wish) -> str:
    values = values_of(wish)
    if wish.of_an_agency is None:
        values["of_an_agency"] = 30
    return url_for("planning.plan", task_id=task.id, **values)

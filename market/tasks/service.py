"""The verbs of a brief: draft, change, open, take back, close, cancel; and what the packages above report."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.accounts.vocabulary import CATEGORIES, FORMATS, Format, Length
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import Invalid
from market.kit.events import record
from market.kit.figures import figures
from market.kit.search import document
from market.kit.work import cancel_timers, set_timer
from market.shops import queries as shops
from market.tasks import templates
from market.tasks.errors import ForeignProduct, HasBids, NotDraft
from market.tasks.models import Task, TaskState
from market.tasks.queries import find
from market.tasks.rules import faults

CLOSE_TIMER = "tasks.close_bids"
BIDS_OPEN_DAYS = 7
ENUMS = {"format": Format, "length": Length}


def draft(data: dict[str, Any], *, by: Actor, from_template: bool = False) -> Task:
    """A new draft of the actor's shop. `from_template` fills what is not given from the category's template."""
    given = dict(data)
    if from_template:
        given = templates.filled(given["category"], given["format"]) | given
    task = Task(
        merchant_id=cast(UUID, by.party_id),
        category=given.pop("category"),
        format=Format(given.pop("format")),
        revisions=figures.revisions,
    )
    task.state = TaskState.DRAFT
    _write(task, given)
    db.session.add(task)
    db.session.flush()
    record("task.drafted", task.id, by=by)
    return task


COPIED = (
    "title",
    "length",
    "live_minutes",
    "goal",
    "tags",
    "key_messages",
    "deliverables",
    "shots",
    "dos",
    "donts",
    "product_ids",
    "audience",
    "budget_fen",
    "sealed",
    "revisions",
    "rights_months",
    "rights_channels",
    "campaign_code",
)


def copy(task: Task, *, by: Actor) -> Task:
    """The same brief again as a draft, without its dates."""
    given = {name: getattr(task, name) for name in COPIED}
    return draft({"category": task.category, "format": task.format.value, **given}, by=by)


def change(task: Task, data: dict[str, Any], *, by: Actor) -> Task:
    """Write what is given into a draft. Raises NotDraft, ForeignProduct.

    No event: a draft saves itself on every field, and nobody but its merchant sees it.
    """
    if not task.is_draft:
        raise NotDraft
    _write(task, data)
    task.updated_at = now()
    db.session.flush()
    return task


def open_(task: Task, *, by: Actor) -> Task:
    """Let creators bid. Raises Invalid with a sentence at every field that is missing or impossible."""
    if not task.is_draft:
        raise NotDraft
    if task.deadline and not task.bids_close_at:
        task.bids_close_at = min(now() + timedelta(days=BIDS_OPEN_DAYS), task.deadline)
    wrong = faults(task)
    if wrong:
        raise Invalid(wrong)
    task.open()
    task.updated_at = now()
    closing = task.bids_close_at
    assert closing is not None
    set_timer(CLOSE_TIMER, task.id, closing, key=f"{CLOSE_TIMER}:{task.id}:{now().isoformat()}")
    db.session.flush()
    record(
        "task.opened", task.id, by=by, title=task.title, budget_fen=task.budget_fen, category=task.category
    )
    return task


def take_back(task: Task, *, by: Actor) -> Task:
    """Make an open brief a draft again. Raises HasBids once anybody bid."""
    if task.bids:
        raise HasBids(n=task.bids)
    task.back_to_draft()
    cancel_timers(task.id, CLOSE_TIMER)
    db.session.flush()
    record("task.taken_back", task.id, by=by, title=task.title)
    return task


def close(task: Task, *, by: Actor) -> Task:
    """No more bids; those there are can still be awarded."""
    task.close()
    cancel_timers(task.id, CLOSE_TIMER)
    db.session.flush()
    record("task.closed", task.id, by=by, audience=[task.merchant_id], title=task.title, bids=task.bids)
    return task


def close_when_due(task_id: UUID, data: dict[str, Any]) -> None:
    """The timer: the closing date is over. Safe to run twice, and late."""
    task = find(task_id, lock=True)
    if task.state is TaskState.OPEN and not task.is_taking_bids:
        close(task, by=SYSTEM)


def cancel(task: Task, *, by: Actor) -> Task:
    """The merchant gives the brief up; the listeners of task.cancelled answer the bidders."""
    task.cancel()
    cancel_timers(task.id, CLOSE_TIMER)
    db.session.flush()
    record("task.cancelled", task.id, by=by, title=task.title)
    return task


def mark_awarded(task: Task, by: Actor) -> Task:
    """The award was made (orders.award); the brief takes no more bids."""
    task.award()
    cancel_timers(task.id, CLOSE_TIMER)
    db.session.flush()
    record("task.awarded", task.id, by=by, title=task.title)
    return task


def count_bid(task: Task, step: int) -> None:
    """bids reports a bid placed (+1) or withdrawn (-1); the caller holds the row's lock."""
    task.bids += step
    db.session.flush()


def _write(task: Task, data: dict[str, Any]) -> None:
    if data.get("product_ids"):
        own = [
            product.id
            for product in shops.products(data["product_ids"])
            if product.merchant_id == task.merchant_id
        ]
        if set(own) != set(data["product_ids"]):
            raise ForeignProduct(field="product_ids")
        data = data | {"product_ids": own}
    for name, value in data.items():
        setattr(task, name, ENUMS[name](value) if name in ENUMS and value is not None else value)
    if task.format is not Format.VIDEO:
        task.length = None
    if task.format is not Format.LIVE:
        task.live_minutes = None
    texts = [task.title, task.goal, *(task.key_messages or []), *(task.deliverables or [])]
    names = [task.category, CATEGORIES.get(task.category, ""), FORMATS[task.format]]
    task.search = document(*texts, *names)

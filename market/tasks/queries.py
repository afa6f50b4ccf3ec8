"""Finding briefs: one's own, the open ones, and by id."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import joinedload, load_only

from market.accounts.actor import Actor
from market.accounts.models import Party
from market.accounts.vocabulary import PRICE_STEPS_FEN, Format, Length
from market.kit.clock import now
from market.kit.db import by_key, db
from market.kit.errors import NotFound
from market.kit.paging import Page, page_by, page_of
from market.kit.search import matches
from market.kit.spans import ends, span_of, spans
from market.tasks.models import Task, TaskState


def visible_to(actor: Actor | None) -> Select[Task]:
    """What was opened is public; drafts are their merchant's alone."""
    rows = select(Task)
    public = (Task.state != TaskState.DRAFT) & Task.opened_at.is_not(None)
    return rows.where(or_(public, Task.merchant_id == actor.party_id) if actor else public)


def find(task_id: UUID, *, lock: bool = False) -> Task:
    """The brief, without asking who looks. With `lock`, the row is locked and read afresh."""
    task = db.session.get(Task, task_id, with_for_update=lock or None, populate_existing=lock)
    if task is None:
        raise NotFound
    return task


def find_visible(task_id: UUID, actor: Actor | None, *, lock: bool = False) -> Task:
    """Raises NotFound, also for what the actor may not see."""
    if db.session.scalar(visible_to(actor).where(Task.id == task_id)) is None:
        raise NotFound
    return find(task_id, lock=lock)


def find_own(task_id: UUID, actor: Actor, *, lock: bool = False) -> Task:
    """A brief of the actor's own shop. Raises NotFound for any other."""
    task = find(task_id, lock=lock)
    if not actor.is_party(task.merchant_id):
        raise NotFound
    return task


def tasks(ids: Iterable[UUID]) -> dict[UUID, Task]:
    return by_key(Task, ids)


def of_merchant(actor: Actor) -> Select[Task]:
    return select(Task).where(Task.merchant_id == actor.party_id)


def counts(merchant_id: UUID) -> dict[TaskState, int]:
    """How many briefs of each state a merchant has."""
    rows = select(Task.state, func.count()).where(Task.merchant_id == merchant_id).group_by(Task.state)
    return {row[0]: row[1] for row in db.session.execute(rows)}


TICKET = (
    load_only(
        Task.id, Task.merchant_id, Task.state, Task.title, Task.category, Task.format, Task.length, Task.live_minutes,
        Task.audience,
        Task.budget_fen, Task.bids_close_at, Task.deadline, Task.sealed, Task.bids, Task.campaign_code, Task.tags,
        raiseload=True,
    ),
    joinedload(Task.merchant, innerjoin=True).load_only(Party.name),
)  # fmt: skip
"""What a list shows and matching scores; to ask such a brief for its clauses raises."""


BUDGETS = spans(PRICE_STEPS_FEN)
FACETS: dict[str, Any] = {
    "category": Task.category,
    "format": cast(Task.format, String),
    "length": cast(Task.length, String),
    "campaign_code": Task.campaign_code,
    # Literals, not parameters: else PostgreSQL would not know the column it groups by in the one it returns.
    "budget": case(
        *(
            (Task.budget_fen < step, literal_column(f"'{span}'"))
            for step, span in zip(PRICE_STEPS_FEN, BUDGETS, strict=False)
        ),
        else_=literal_column(f"'{BUDGETS[-1]}'"),
    ),
}
"""What one chooses one value of in the hall."""


def budget_of(task: Task) -> str | None:
    """The band a brief's budget is in."""
    return None if task.budget_fen is None else span_of(task.budget_fen, PRICE_STEPS_FEN)


def _asked_for(
    *,
    category: str | None = None,
    format: str | None = None,
    length: str | None = None,
    campaign_code: str | None = None,
    budget: str | None = None,
    budget_min_fen: int | None = None,
    q: str | None = None,
) -> list[ColumnElement[bool]]:
    """What a brief of the hall has to be."""
    found: list[ColumnElement[bool]] = [Task.state == TaskState.OPEN, Task.bids_close_at > now()]
    if category:
        found.append(Task.category == category)
    if format:
        found.append(Task.format == Format(format))
    if length:
        found.append(Task.length == Length(length))
    if campaign_code:
        found.append(Task.campaign_code == campaign_code)
    if budget:
        least, end = ends(budget)
        found.append(Task.budget_fen >= least)
        if end is not None:
            found.append(Task.budget_fen < end)
    if budget_min_fen is not None:
        found.append(Task.budget_fen >= budget_min_fen)
    if q and (words := matches(Task.search, q)) is not None:
        found.append(words)
    return found


def facets(**asked: Any) -> dict[str, Counter[str]]:
    """How many briefs of the hall stand behind each value of each facet. The counts of a facet respect all that is asked
    but its own choice. One look at the briefs, however many facets."""
    chosen = {facet: asked.pop(facet) for facet in FACETS if asked.get(facet)}
    together = select(*FACETS.values(), func.count()).where(*_asked_for(**asked)).group_by(*FACETS.values())
    found: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    for *values, n in db.session.execute(together):
        kind = dict(zip(FACETS, values, strict=True))
        for facet, value in kind.items():
            if value is not None and all(kind[other] == chosen[other] for other in chosen if other != facet):
                found[facet][value] += n
    return found


def hall(
    *,
    tickets: bool = False,
    sort: str = "new",
    limit: int = 20,
    cursor: str | None = None,
    **asked: Any,
) -> Page[Task]:
    """Briefs that take bids now, by what _asked_for takes. `sort`: new, budget (highest first), closing (soonest first).

    With `tickets`, no more of each is read than TICKET says."""
    rows = select(Task).options(*TICKET if tickets else ()).where(*_asked_for(**asked))
    if sort == "budget":
        budget: Any = Task.budget_fen
        return page_by(rows, budget, Task.id, limit=limit, cursor=cursor)
    if sort == "closing":
        closing = cast(func.extract("epoch", Task.bids_close_at), BigInteger)
        return page_by(rows, closing, Task.id, rising=True, limit=limit, cursor=cursor)
    return page_of(rows, Task.id, limit=limit, cursor=cursor)

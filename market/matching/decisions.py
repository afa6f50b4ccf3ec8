"""Decisions from elsewhere: noted, counted as replies, and turned into answers that the acceptance learns from."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.vocabulary import Format
from market.creators.models import USUAL_SLOTS, Profile
from market.creators.service import count_replies
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import Refusal
from market.kit.figures import figures
from market.kit.words import N_
from market.matching.decided_models import CONTRARY, YES, Decision, ToldBrief, ToldDecision, ToldReplies
from market.matching.scoring import lower_bound

WEEK = timedelta(days=7)
PRICED = (
    Decision.BID,
    Decision.AWARDED,
    Decision.ACCEPTED,
    Decision.INVITED,
    Decision.DECLINED,
    Decision.LOST,
)
"""Whose price counts first, where several steps name one."""


class Contradicts(Refusal):
    """Both a yes and a no, or both won and lost, of one creator for one brief."""

    status = 422
    text = N_("这位创作者对这条需求已经有相反的决定：%(other)s。")


class Answer(NamedTuple):
    """An invitation and what came of it: the brief, the signs as they were then (scoring.SIGNS), yes or no, when asked."""

    task_id: object
    signs: tuple[float, ...]
    yes: bool
    created_at: datetime


class Pair(NamedTuple):
    """One creator asked about one brief; `answered_at` None: nobody answered in time."""

    brief: str
    creator_id: UUID
    asked_at: datetime
    answered_at: datetime | None
    yes: bool
    over: float
    won_at: datetime | None


def note_brief(
    ref: str,
    *,
    merchant_id: UUID,
    at: datetime,
    closes_at: datetime | None,
    category: str,
    format: Format,
    budget_fen: int | None,
) -> None:
    """Keep a brief that was opened elsewhere; told again, it is corrected."""
    said = {
        "merchant_id": merchant_id,
        "at": at,
        "closes_at": closes_at,
        "category": category,
        "format": format,
        "budget_fen": budget_fen,
    }
    row = insert(ToldBrief).values(ref=ref, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=["ref"], set_=said))


def is_known(brief_ref: str) -> bool:
    return db.session.scalar(select(ToldBrief.ref).where(ToldBrief.ref == brief_ref)) is not None


def note(
    brief_ref: str, creator_id: UUID, decision: Decision, at: datetime, *, price_fen: int | None
) -> None:
    """Keep one step; told again, it is corrected. Raises Contradicts."""
    contrary = CONTRARY.get(decision)
    if contrary and db.session.get(ToldDecision, (brief_ref, creator_id, contrary)):
        raise Contradicts(field="decision", other=contrary.value)
    said = {"at": at, "price_fen": price_fen}
    row = insert(ToldDecision).values(brief_ref=brief_ref, creator_id=creator_id, decision=decision, **said)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["brief_ref", "creator_id", "decision"], set_=said)
    )


def pairs(creator_ids: Iterable[UUID] | None = None) -> list[Pair]:
    """Invitations that are answered or over, the oldest first; of all creators, or of these."""
    rows = select(
        ToldDecision.brief_ref,
        ToldDecision.creator_id,
        ToldDecision.decision,
        ToldDecision.at,
        ToldDecision.price_fen,
        ToldBrief.budget_fen,
        ToldBrief.closes_at,
    ).join(ToldBrief, ToldBrief.ref == ToldDecision.brief_ref)
    if creator_ids is not None:
        rows = rows.where(ToldDecision.creator_id.in_(list(creator_ids)))
    steps: dict[tuple[str, UUID], dict[Decision, Any]] = {}
    for row in db.session.execute(rows):
        steps.setdefault((row.brief_ref, row.creator_id), {})[row.decision] = row
    found = [pair for (brief, id), each in steps.items() if (pair := _pair(brief, id, each))]
    return sorted(found, key=lambda pair: (pair.asked_at, pair.brief, pair.creator_id))


def _pair(brief: str, creator_id: UUID, steps: dict[Decision, Any]) -> Pair | None:
    asked = steps.get(Decision.INVITED)
    if asked is None:
        return None
    said_yes = [steps[each].at for each in YES if each in steps]
    answers = said_yes or [steps[each].at for each in (Decision.DECLINED,) if each in steps]
    ends_at = asked.at + timedelta(hours=figures.invitation_h)
    if not answers and min(ends_at, asked.closes_at or ends_at) > now():
        return None  # still open
    price = next((steps[each].price_fen for each in PRICED if each in steps and steps[each].price_fen), None)
    over = max(0.0, price / asked.budget_fen - 1) if price and asked.budget_fen else 0.0
    won = steps.get(Decision.AWARDED)
    return Pair(
        brief, creator_id, asked.at, min(answers, default=None), bool(said_yes), over, won.at if won else None
    )


def recount(creator_ids: Iterable[UUID]) -> None:
    """Bring what these creators' profiles count of answers from elsewhere up to what was told."""
    ids = sorted(set(creator_ids))
    sums = {id: [0, 0] for id in ids}
    for pair in pairs(ids):
        sums[pair.creator_id][pair.answered_at is None] += 1
    for id in ids:
        # The profile's lock comes first: two imports of one creator wait for each other there.
        count_replies(id, 0, 0)
        told = db.session.get(ToldReplies, id, populate_existing=True)
        if told is None:
            told = ToldReplies(creator_id=id, replies=0, unanswered=0)
            db.session.add(told)
        replies, unanswered = sums[id]
        count_replies(id, replies - told.replies, unanswered - told.unanswered)
        told.replies, told.unanswered = replies, unanswered
    db.session.flush()


def answers(most: int) -> list[Answer]:
    """The newest so many, the oldest first, each with what was known when it was asked: how the creator had answered before,
    what was won in the week before, the price. The fit of then is not known and stands in the middle."""
    found = pairs()
    slots = _slots({pair.creator_id for pair in found})
    made: list[Answer] = []
    by_creator: dict[UUID, list[Pair]] = {}
    for pair in found:
        before = by_creator.setdefault(pair.creator_id, [])
        ended = [each for each in before if (each.answered_at or _given_up(each)) <= pair.asked_at]
        replied = sum(each.answered_at is not None for each in ended)
        won = sum(
            each.won_at is not None and pair.asked_at - WEEK < each.won_at <= pair.asked_at for each in before
        )
        load = min(1.0, won / (slots.get(pair.creator_id, USUAL_SLOTS) or 1))
        signs = (lower_bound(replied, len(ended)) - 0.2, load, pair.over, 0.0)
        made.append(Answer(pair.brief, tuple(round(each, 6) for each in signs), pair.yes, pair.asked_at))
        before.append(pair)
    return made[-most:]


def _given_up(pair: Pair) -> datetime:
    return pair.asked_at + timedelta(hours=figures.invitation_h)


def _slots(creator_ids: Iterable[UUID]) -> dict[UUID, int]:
    ids: Sequence[UUID] = list(creator_ids)
    rows = select(Profile.party_id, Profile.slots_per_week).where(
        Profile.party_id.in_(ids), Profile.slots_per_week.is_not(None)
    )
    return {id: slots for id, slots in db.session.execute(rows) if slots}

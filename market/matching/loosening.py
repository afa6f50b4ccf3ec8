"""Nobody for a brief: what to loosen, and how many each of these would bring."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select

from market.accounts.models import Party, Verification
from market.accounts.vocabulary import HALF, HOUR, Format, Piece, format_name, hours_name, length_name
from market.bids.models import Bid
from market.creators.models import Profile
from market.creators.queries import price_of
from market.kit.db import db
from market.kit.pages import format_fen
from market.kit.words import _
from market.matching.retrieval import OVER_BUDGET
from market.tasks.models import Task

CHEAPEST = 5
"""The budget proposed is what so many of the cheapest ask for."""


@dataclass(frozen=True)
class Way:
    """One thing to change. `brings`: how many would be listed then; `budget_fen`, `format`, `live_minutes`: to what."""

    code: str
    brings: int
    text: str
    budget_fen: int | None = None
    format: Format | None = None
    live_minutes: int | None = None


def ways(task: Task, full: int) -> list[Way]:
    """What would bring somebody, the most first; `full` are those who suit but have no room before the deadline."""
    ceiling = int(task.budget_fen * OVER_BUDGET) if task.budget_fen else None
    found = [
        way
        for way in (
            _deadline(full),
            _budget(task, ceiling),
            _length(task, ceiling),
            _shorter(task, ceiling),
            *_formats(task, ceiling),
            _bids(task),
        )
        if way and way.brings
    ]
    if not found and (n := _count(task, *(price_of(format).is_not(None) for format in Format))):
        found = [Way("budget_and_format", n, _("同时换一种形式并提高预算，有 %(n)s 人可选。", n=n))]
    return sorted(found, key=lambda way: -way.brings)


def _deadline(full: int) -> Way:
    return Way("deadline", full, _("有 %(n)s 位合适的人在截止前没有空档，交稿日期往后放就能接。", n=full))


def _budget(task: Task, ceiling: int | None) -> Way | None:
    if ceiling is None:
        return None
    price: Any = price_of(*task.piece)
    dear: list[int] = list(
        db.session.scalars(
            select(price)
            .join(Party, Party.id == Profile.party_id)
            .where(*_ours(task), price > ceiling)
            .order_by(price)
            .limit(CHEAPEST)
        )
    )
    if not dear:
        return None
    # Whole yuan, so that the dearest of them is within OVER_BUDGET.
    fen = -int(-dear[-1] / OVER_BUDGET // 100) * 100
    said = _("单条预算提到 %(fen)s，有 %(n)s 人可选。", fen=format_fen(fen), n=len(dear))
    return Way("budget", len(dear), said, budget_fen=fen)


def _length(task: Task, ceiling: int | None) -> Way | None:
    if task.length is None:
        return None
    listed = func.coalesce(_within(task.piece, ceiling), false())
    n = _count(task, _within(Piece(task.format), ceiling) & listed.is_(False))
    return Way(
        "length",
        n,
        _("不限定成片时长（%(length)s），有 %(n)s 人可选。", length=length_name(task.length), n=n),
    )


def _shorter(task: Task, ceiling: int | None) -> Way | None:
    """The longest show below the wanted one that somebody would do for the money."""
    if task.live_minutes is None or ceiling is None:
        return None
    hour: Any = price_of(task.format)
    cheapest = select(func.min(hour)).join(Party, Party.id == Profile.party_id).where(*_ours(task))
    lowest = db.session.scalar(cheapest.where(price_of(*task.piece) > ceiling))
    minutes = ceiling * HOUR // lowest // HALF * HALF if lowest else 0
    if not minutes:
        return None
    n = _count(task, _within(Piece(task.format, minutes=minutes), ceiling))
    said = _("直播缩短到 %(hours)s，有 %(n)s 人可选。", hours=hours_name(minutes), n=n)
    return Way("hours", n, said, live_minutes=minutes)


def _within(piece: Piece, ceiling: int | None) -> ColumnElement[bool]:
    price: Any = price_of(*piece)
    return price <= ceiling if ceiling is not None else price.is_not(None)  # type: ignore[no-any-return]


def _formats(task: Task, ceiling: int | None) -> list[Way]:
    found = []
    for format in Format:
        if format is not task.format:
            n = _count(task, _within(Piece(format), ceiling))
            said = _("改做%(format)s，有 %(n)s 人可选。", format=format_name(format), n=n)
            found.append(Way("format", n, said, format=format))
    return found


def _bids(task: Task) -> Way:
    n = db.session.scalar(select(func.count()).select_from(Bid).where(Bid.task_id == task.id)) or 0
    return Way("bids", n, _("%(n)s 位创作者已经投稿，请在投稿里选。", n=n))


def _ours(task: Task) -> tuple[ColumnElement[bool], ...]:
    return (Party.verification == Verification.VERIFIED, Profile.categories.contains([task.category]))


def _count(task: Task, *either: ColumnElement[bool]) -> int:
    rows = (
        select(func.count())
        .select_from(Profile)
        .join(Party, Party.id == Profile.party_id)
        .where(*_ours(task), or_(*either))
    )
    return db.session.scalar(rows) or 0

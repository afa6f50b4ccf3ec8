"""The verbs: note what a work brought, fit anew, and say what one will bring."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from market.accounts.vocabulary import Format
from market.creators.models import Profile
from market.creators.queries import profiles
from market.effect.intervals import (
    CALIBRATED,
    FITTED,
    Fitted,
    Range,
    drawn_in,
    fit,
    inside,
    log_counts,
    table,
)
from market.effect.models import EffectModel, Outcome
from market.kit.db import db, transaction
from market.orders.models import Order
from market.tasks.models import Task

TARGETS = ("plays", "interactions")
LEAST = 100
"""Below so many known outcomes there is nothing honest to say."""
MOST = 50_000
"""The newest so many are fitted on."""
OWN = 50
"""Of a creator's own works the newest so many are read."""
STALE_SHARE = 0.05


def note(
    source: str,
    *,
    creator_id: UUID,
    at: datetime,
    category: str,
    format: Format,
    plays: int,
    interactions: int,
    price_fen: int | None = None,
) -> None:
    """Keep what a work brought; told again, the figures are corrected."""
    profile = db.session.get(Profile, creator_id)
    figures: dict[str, Any] = {"plays": plays, "interactions": interactions, "price_fen": price_fen}
    row = insert(Outcome).values(
        source=source,
        creator_id=creator_id,
        at=at,
        category=category,
        format=format,
        fans=profile.fans if profile else 0,
        level=profile.platform_level if profile else 0,
        **figures,
    )
    db.session.execute(row.on_conflict_do_update(index_elements=["source"], set_=figures))


def note_order(order: Order, *, plays: int, interactions: int) -> Outcome:
    """What the published work of an order brought so far."""
    source = f"order:{order.id}"
    note(
        source,
        creator_id=order.creator_id,
        at=order.ended_at or order.awarded_at,
        category=order.category,
        format=order.format,
        plays=plays,
        interactions=interactions,
        price_fen=order.price_fen,
    )
    return db.session.scalars(
        select(Outcome).where(Outcome.source == source).execution_options(populate_existing=True)
    ).one()


def refit() -> EffectModel | None:
    """Fit on the newest outcomes and switch; None when they are too few. Opens its own transactions."""
    newest = select(Outcome).order_by(Outcome.at.desc(), Outcome.id.desc()).limit(MOST)
    works = list(reversed(db.session.scalars(newest).all()))
    db.session.rollback()
    if len(works) < LEAST:
        return None
    weights, report = learned(works)
    with transaction():
        db.session.execute(update(EffectModel).where(EffectModel.active).values(active=False))
        model = EffectModel(active=True, outcomes=len(works), weights=weights, report=report)
        db.session.add(model)
        db.session.flush()
    return model


def learned(works: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights of all works, and a report of what the same way of fitting held on the newest fifth it had not seen."""
    n = len(works)
    weights: dict[str, Any] = {}
    report: dict[str, Any] = {"outcomes": n, "judged_on": n - int(n * CALIBRATED)}
    for what in TARGETS:
        tried = fit(works[: int(n * CALIBRATED)], what, int(n * FITTED))
        held, width = inside(tried, works, what, int(n * CALIBRATED))
        report[what] = {"inside": round(held, 4), "high_over_low": round(width, 2)}
        weights[what] = fit(works, what, int(n * CALIBRATED)).saved()
    return weights, report


def refit_when_stale() -> bool:
    """Fit anew when a twentieth of the outcomes came after the version in use."""
    total = db.session.scalar(select(func.count()).select_from(Outcome)) or 0
    known = db.session.scalar(select(EffectModel.outcomes).where(EffectModel.active)) or 0
    db.session.rollback()
    return total - known > STALE_SHARE * total and refit() is not None


@dataclass(frozen=True)
class Asked:
    """A work that may be ordered."""

    creator_id: UUID
    category: str
    format: Format
    price_fen: int | None
    fans: int
    level: int


@dataclass(frozen=True)
class Expected:
    """What a work will bring, between bounds that hold in four of five cases, and what it rests on."""

    plays: Range
    interactions: Range
    price_fen: int | None
    own: int
    """Known outcomes of this creator."""
    all: int

    @property
    def cpm_fen(self) -> Range | None:
        """Fen per thousand plays."""
        return self.plays.per(self.price_fen, 1000) if self.price_fen else None

    @property
    def cpe_fen(self) -> Range | None:
        """Fen per interaction."""
        return self.interactions.per(self.price_fen) if self.price_fen else None


def expect(asked: Sequence[Asked]) -> list[Expected] | None:
    """What each of these will bring; None while too few outcomes are known."""
    model = db.session.scalar(select(EffectModel).where(EffectModel.active))
    if model is None or not asked:
        return None
    earlier = _earlier(each.creator_id for each in asked)
    x = table(asked)
    n = np.array([float(len(earlier.get(each.creator_id, []))) for each in asked])
    found: dict[str, list[Range]] = {}
    for what in TARGETS:
        made = Fitted.of(model.weights[what])
        levels = {
            creator: drawn_in(float((log_counts(works, what) - table(works) @ made.base).sum()), len(works))
            for creator, works in earlier.items()
        }
        own = np.array([levels.get(each.creator_id, 0.0) for each in asked])
        found[what] = made.ranges(x, own, n)
    return [
        Expected(plays, reactions, each.price_fen, int(count), model.outcomes)
        for each, plays, reactions, count in zip(asked, found["plays"], found["interactions"], n, strict=True)
    ]


def expect_of(
    creator_ids: Iterable[UUID], task: Task, prices: dict[UUID, int] | None = None
) -> dict[UUID, Expected]:
    """By creator, at these prices, or else at the listed one; empty while too few outcomes are known. Of live for nobody
    knows how long there is no price of the whole, and so no cost of a play."""
    return expect_for(profiles(creator_ids), task, prices)


def expect_for(
    found: Mapping[UUID, Profile], task: Task, prices: dict[UUID, int] | None = None
) -> dict[UUID, Expected]:
    """The same of creators at hand."""
    asked = [
        Asked(
            id,
            task.category,
            task.format,
            (prices or {}).get(id) or (None if task.piece.is_hour else mine.price(*task.piece)),
            mine.fans,
            mine.platform_level,
        )
        for id, mine in found.items()
    ]
    expected = expect(asked)
    return dict(zip((each.creator_id for each in asked), expected, strict=True)) if expected else {}


def known() -> int:
    return db.session.scalar(select(func.count()).select_from(Outcome)) or 0


def _earlier(creator_ids: Iterable[UUID]) -> dict[UUID, list[Outcome]]:
    place = func.row_number().over(partition_by=Outcome.creator_id, order_by=Outcome.at.desc())
    ranked = (
        select(Outcome.id, place.label("place")).where(Outcome.creator_id.in_(set(creator_ids))).subquery()
    )
    rows = select(Outcome).join(ranked, ranked.c.id == Outcome.id).where(ranked.c.place <= OWN)
    found: dict[UUID, list[Outcome]] = {}
    for outcome in db.session.scalars(rows):
        found.setdefault(outcome.creator_id, []).append(outcome)
    return found

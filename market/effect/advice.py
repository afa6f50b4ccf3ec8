"""Both answers for one brief, as pages and API show them: what it may bring and what such work costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from market.accounts.vocabulary import hours_name, length_name
from market.creators.queries import profile
from market.effect import guidance, service
from market.effect.models import EffectModel
from market.effect.service import LEAST, Expected
from market.kit.db import db
from market.kit.words import _
from market.tasks.models import Task


@dataclass(frozen=True)
class Advice:
    """What is known; a part that is None says in `known` or `least` how much is missing."""

    prices: guidance.Prices | None
    expected: Mapping[UUID, Expected] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    """How the intervals held on works the model had not seen; empty without a model."""
    known: int = 0
    least: int = LEAST

    @property
    def inside(self) -> float | None:
        """The share of later works whose plays lay between the bounds."""
        return self.report["plays"]["inside"] if self.report else None

    @property
    def scope(self) -> str:
        """Whose prices the quartiles are of, in words."""
        assert self.prices
        if self.prices.levels:
            low, high = self.prices.levels
            found = _("同类目、同形式，%(low)s–%(high)s 级创作者", low=low, high=high)
        elif self.prices.category:
            found = _("同类目、同形式，不分等级")
        else:
            found = _("同形式，不分类目和等级")
        if self.prices.live_minutes:
            size = _("按小时价折成 %(hours)s", hours=hours_name(self.prices.live_minutes))
        else:
            size = length_name(self.prices.length)
        return _("%(length)s：%(scope)s", length=size, scope=found) if size else found


def for_task(
    task: Task,
    creator_ids: Sequence[UUID] = (),
    prices: dict[UUID, int] | None = None,
    level: int | None = None,
) -> Advice:
    """For a brief, and for these creators at these prices (else their listed ones)."""
    if level is None and len(creator_ids) == 1 and (mine := profile(creator_ids[0])):
        level = mine.platform_level
    model = db.session.scalar(select(EffectModel).where(EffectModel.active))
    return Advice(
        prices=guidance.accepted(task.category, task.piece, level),
        expected=service.expect_of(creator_ids, task, prices) if model else {},
        report=model.report if model else {},
        known=model.outcomes if model else service.known(),
    )

"""What the merchant wants of a plan, and who of those matched may be in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from market.kit.words import N_
from market.matching.scoring import Record
from market.matching.service import Match
from market.planning.calendar import late_risk
from market.planning.choice import Candidate, Limits


class Goal(StrEnum):
    PLAYS = "plays"
    INTERACTIONS = "interactions"
    FIT = "fit"


GOALS = {
    Goal.PLAYS: N_("播放最多"),
    Goal.INTERACTIONS: N_("互动最多"),
    Goal.FIT: N_("最合适"),
}


@dataclass(frozen=True)
class Wish:
    """A budget and a goal, and the limits. `late_percent`: nobody likelier to be late than this."""

    budget_fen: int
    goal: Goal = Goal.PLAYS
    d_day: date | None = None
    least: int = 1
    most: int = 10
    of_an_agency: int | None = 3
    level_min: int = 0
    late_percent: int | None = None
    exclusive: bool = False
    must: frozenset[UUID] = field(default_factory=frozenset)
    never: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def limits(self) -> Limits:
        return Limits(self.budget_fen, self.least, self.most, self.of_an_agency, self.must, self.never)


FILTERS = {
    "priced": N_("没有标这种形式或时长的价"),
    "free": N_("截止前没有空档"),
    "level": N_("等级低于要求"),
    "late": N_("迟到可能高于要求"),
    "rival": N_("正在为同类目的其他商家制作"),
}
MOVABLE = ("level", "late", "rival")
"""Those the merchant set and may take back."""


@dataclass(frozen=True)
class Person:
    """A matched creator with what the plan asks about."""

    match: Match
    record: Record
    agency_id: UUID | None
    rival: bool

    @property
    def id(self) -> UUID:
        return self.match.creator_id

    @property
    def price_fen(self) -> int | None:
        return self.match.price_fen

    @property
    def late(self) -> float:
        return late_risk(self.record.on_time, self.record.n)

    def counts(self, goal: Goal) -> float:
        """What the goal counts, times the likelihood of a yes."""
        found = self.match.expected
        if goal is Goal.FIT or found is None:
            return self.match.score
        return (found.plays if goal is Goal.PLAYS else found.interactions).mid * self.match.acceptance

    def obstacles(self, wish: Wish) -> set[str]:
        """The filters that keep this person out."""
        found = set()
        if not self.price_fen:
            found.add("priced")
        if self.match.room.full:
            found.add("free")
        if self.match.creator.platform_level < wish.level_min:
            found.add("level")
        if wish.late_percent is not None and self.late * 100 > wish.late_percent:
            found.add("late")
        if wish.exclusive and self.rival:
            found.add("rival")
        return found


def candidates(
    people: Sequence[Person], wish: Wish, goal: Goal, without: frozenset[str] = frozenset()
) -> list[Candidate]:
    """Those no filter keeps out; the filters in `without` do not count."""
    return [
        Candidate(each.id, each.price_fen, each.counts(goal), each.agency_id)
        for each in people
        if each.price_fen and not each.obstacles(wish) - without
    ]

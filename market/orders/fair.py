"""Fair exit: what each side gets when an order ends early. Pure: the same facts give the same split, to the fen.

A stage climbs a ladder by what was done for it. Within a rung the creator's share moves with time, evenly, so there
is no day on which waiting one more hour changes much: while he works it grows towards the rung's top, each day the
merchant lets work lie adds, each day the creator is late takes away. The merchant's cost of a sample that is not
returned comes off the creator's part.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from market.kit.figures import Figures
from market.kit.words import N_
from market.orders.states import MilestoneState, Stage

DAY_S = 86_400
HOUR_S = 3_600
WHOLE = 10_000 * DAY_S
"""A share of everything: basis points, in days counted by the second."""


class Rung(StrEnum):
    NOT_BEGUN = "not_begun"
    WORKING = "working"  # begun, nothing handed in yet
    REVISED = "revised"  # sent back at least once
    HANDED_IN = "handed_in"
    READY = "ready"  # accepted and waiting for its publication


RUNG_NAMES = {
    Rung.NOT_BEGUN: N_("还没开始"),
    Rung.WORKING: N_("制作中，还没提交"),
    Rung.REVISED: N_("已提交过，修改中"),
    Rung.HANDED_IN: N_("已提交，等待验收"),
    Rung.READY: N_("已验收，等待发布"),
}


@dataclass(frozen=True)
class ExitRules:
    """Frozen in the terms at signing. Shares in basis points of a stage."""

    working_bps: int
    """Reached when the stage is due; before, in proportion to the time that is gone."""
    revised_bps: int
    handed_in_bps: int
    ready_bps: int
    idle_bps_a_day: int
    """For each day the merchant lets work lie beyond the grace, and off for each day the creator is late."""
    grace_h: int
    sample_cap_fen: int

    @classmethod
    def of(cls, figures: Figures) -> "ExitRules":
        return cls(
            working_bps=figures.exit_working_bps,
            revised_bps=figures.exit_revised_bps,
            handed_in_bps=figures.exit_handed_in_bps,
            ready_bps=figures.exit_ready_bps,
            idle_bps_a_day=figures.exit_idle_bps_a_day,
            grace_h=figures.exit_grace_h,
            sample_cap_fen=figures.exit_sample_cap_fen,
        )

    @classmethod
    def in_terms(cls, terms: dict[str, Any], figures: Figures) -> "ExitRules":
        """As signed; orders signed before there were exits go by the figures of today."""
        return cls(**terms["exit"]) if "exit" in terms else cls.of(figures)

    def as_terms(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class StageFacts:
    """A stage as it stands. `released_fen` was paid in parts already: it stays with the creator."""

    stage: Stage
    amount_fen: int
    released_fen: int
    state: MilestoneState
    begun_at: datetime | None
    due_at: datetime
    submitted_at: datetime | None
    waited_s: int
    """How long earlier versions waited for the merchant's word."""
    rounds: int


@dataclass(frozen=True)
class Line:
    """One stage's computation, every step of it; the last two sum to what is left of the stage."""

    stage: Stage
    amount_fen: int
    released_fen: int
    rung: Rung
    base_bps: int
    """The rung's share, for a stage in work already in proportion to the time gone; rounded down for reading."""
    merchant_idle_s: int
    creator_late_s: int
    share: int
    """The creator's share of the stage, of WHOLE."""
    earned_fen: int
    """The share of the amount; at least what was released."""
    sample_fen: int
    creator_fen: int
    merchant_fen: int

    @property
    def share_bps(self) -> int:
        """For reading; the computation goes on with `share`."""
        return self.share // DAY_S


@dataclass(frozen=True)
class Split:
    lines: tuple[Line, ...]
    sample_fen: int
    """What was taken off for the sample: no more than the cap and than what there was to take it from."""

    @property
    def creator_fen(self) -> int:
        """Before the platform's and the agency's shares and tax."""
        return sum(line.creator_fen for line in self.lines)

    @property
    def merchant_fen(self) -> int:
        return sum(line.merchant_fen for line in self.lines)

    @property
    def total_fen(self) -> int:
        return self.creator_fen + self.merchant_fen


def split_of(stages: Sequence[StageFacts], rules: ExitRules, at: datetime, *, sample_fen: int = 0) -> Split:
    """What an exit at `at` gives to whom, for the stages that are still open."""
    to_take = min(sample_fen, rules.sample_cap_fen)
    lines, taken = [], 0
    for facts in stages:
        line = _line(facts, rules, at, to_take - taken)
        taken += line.sample_fen
        lines.append(line)
    return Split(tuple(lines), taken)


def _line(facts: StageFacts, rules: ExitRules, at: datetime, sample_fen: int) -> Line:
    rung = rung_of(facts)
    base = _base(facts, rung, rules, at)
    idle = merchant_idle_s(facts, rules, at)
    late = creator_late_s(facts, at)
    share = 0 if rung is Rung.NOT_BEGUN else base + rules.idle_bps_a_day * (idle - late)
    share = max(0, min(WHOLE, share))
    earned = max(facts.released_fen, facts.amount_fen * share // WHOLE)
    more = earned - facts.released_fen
    sample = min(sample_fen, more)
    creator = more - sample
    return Line(
        stage=facts.stage,
        amount_fen=facts.amount_fen,
        released_fen=facts.released_fen,
        rung=rung,
        base_bps=base // DAY_S,
        merchant_idle_s=idle,
        creator_late_s=late,
        share=share,
        earned_fen=earned,
        sample_fen=sample,
        creator_fen=creator,
        merchant_fen=facts.amount_fen - facts.released_fen - creator,
    )


def rung_of(facts: StageFacts) -> Rung:
    if facts.state is MilestoneState.PENDING or facts.begun_at is None:
        return Rung.NOT_BEGUN
    if facts.stage is Stage.PUBLISHED:
        return Rung.READY
    if facts.state is MilestoneState.SUBMITTED:
        return Rung.HANDED_IN
    return Rung.REVISED if facts.rounds else Rung.WORKING


def _base(facts: StageFacts, rung: Rung, rules: ExitRules, at: datetime) -> int:
    """The rung's own share, of WHOLE."""
    if rung is Rung.WORKING and facts.begun_at is not None:
        span = _seconds(facts.begun_at, facts.due_at)
        gone = min(span, _seconds(facts.begun_at, at))
        full = rules.working_bps * DAY_S
        return full * gone // span if span else full  # begun on its last day or later: the rung's top at once
    bps = {
        Rung.REVISED: rules.revised_bps,
        Rung.HANDED_IN: rules.handed_in_bps,
        Rung.READY: rules.ready_bps,
    }.get(rung, 0)
    return bps * DAY_S


def merchant_idle_s(facts: StageFacts, rules: ExitRules, at: datetime) -> int:
    """How long work has lain with the merchant in all, beyond the grace, in seconds."""
    waits = facts.state is MilestoneState.SUBMITTED and facts.submitted_at is not None
    lying = _seconds(facts.submitted_at, at) if waits and facts.submitted_at else 0
    return max(0, facts.waited_s + lying - rules.grace_h * HOUR_S)


def creator_late_s(facts: StageFacts, at: datetime) -> int:
    """How long after its date the stage was, or is, with the creator; time with the merchant does not count."""
    if facts.stage is Stage.PUBLISHED or facts.begun_at is None:
        return 0
    waits = facts.state is MilestoneState.SUBMITTED and facts.submitted_at is not None
    until = facts.submitted_at if waits and facts.submitted_at else at
    return max(0, _seconds(facts.due_at, until) - facts.waited_s)


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))

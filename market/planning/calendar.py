"""Backwards from the day it must be out: when each step has to be done, how much air there is, and who may be late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from market.kit.words import N_, say

STEPS: tuple[tuple[str, int], ...] = (
    ("answers", 3),
    ("award", 1),
    ("script", 3),
    ("script_review", 1),
    ("draft", 5),
    ("draft_review", 3),
    ("publish", 1),
)
"""What has to happen, in order, and the usual days where the record says nothing."""

STEP_NAMES = {
    "answers": N_("发出邀请，等待报价"),
    "award": N_("选定并付款"),
    "script": N_("创作者交脚本"),
    "script_review": N_("确认脚本"),
    "draft": N_("创作者交成片"),
    "draft_review": N_("审片和修改"),
    "publish": N_("发布"),
}


@dataclass(frozen=True)
class Step:
    code: str
    days: int
    begin: date
    """The last day it may begin."""
    end: date
    measured: int
    """Orders its days are the usual of; 0: our own figure."""

    @property
    def name(self) -> str:
        return say(STEP_NAMES[self.code])


@dataclass(frozen=True)
class Calendar:
    d_day: date
    today: date
    steps: tuple[Step, ...]

    @property
    def slack(self) -> int:
        """Days to spare when one begins today; negative: so many are missing."""
        return (self.steps[0].begin - self.today).days

    @property
    def earliest(self) -> date:
        """The first day it could be out."""
        return self.d_day - timedelta(days=self.slack)


def backwards(d_day: date, today: date, usual: Mapping[str, tuple[int, int]]) -> Calendar:
    """Steps that end on `d_day`. `usual`: step → (days, how many orders it is measured on)."""
    steps: list[Step] = []
    end = d_day
    for code, default in reversed(STEPS):
        days, measured = usual.get(code, (default, 0))
        steps.append(Step(code, days, end - timedelta(days=days), end, measured))
        end = steps[-1].begin
    return Calendar(d_day, today, tuple(reversed(steps)))


def late_risk(on_time: int, n: int) -> float:
    """How likely the next work is late, from a creator's record; one in two when there is none."""
    return (n - on_time + 1) / (n + 2)

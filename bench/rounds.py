"""Taking turns: ours and the reference are measured alternately, so that a busy moment hits both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Measure = Callable[[], float]
"""One measurement, as a rate: more is better."""


@dataclass(frozen=True)
class Result:
    """Rates of both sides, round by round. The ratio is ours ÷ reference: 1.0 is as quick as the reference."""

    name: str
    reference: str
    unit: str
    ours: list[float]
    theirs: list[float]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]

    def as_json(self) -> dict[str, Any]:
        ratios = self.ratios
        return {
            "ratio": {
                "median": _short(median(ratios)),
                "min": _short(min(ratios)),
                "max": _short(max(ratios)),
            },
            "reference": self.reference,
            "unit": self.unit,
            "ours": _short(median(self.ours)),
            "theirs": _short(median(self.theirs)),
            "rounds": len(ratios),
            "details": self.details,
        }


def take_turns(
    name: str, ours: Measure, theirs: Measure, *, rounds: int, reference: str, unit: str, **details: Any
) -> Result:
    """Measure both sides `rounds` times in turns, after one round that does not count."""
    theirs(), ours()
    other, mine = zip(*((theirs(), ours()) for _ in range(rounds)), strict=True)
    return Result(name, reference, unit, list(mine), list(other), details)


def _short(number: float) -> float:
    """Four digits that count."""
    return float(f"{number:.4g}")

"""Taking turns: ours and the reference are measured alternately, so that a busy moment hits both."""

from collections.abc import Callable, Mapping
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
    theirs: Measure,
    ours: Mapping[str, Measure],
    *,
    rounds: int,
    reference: str,
    unit: str,
    **details: Any,
) -> list[Result]:
    """Measure the reference and each of ours `rounds` times in turns, after one round that does not count."""
    results = [Result(name, reference, unit, [], [], dict(details)) for name in ours]
    for counts in [False] + [True] * rounds:
        other = theirs()
        for result, measure in zip(results, ours.values(), strict=True):
            mine = measure()
            if counts:
                result.ours.append(mine)
                result.theirs.append(other)
    return results


def _short(number: float) -> float:
    """Four digits that count."""
    return float(f"{number:.4g}")

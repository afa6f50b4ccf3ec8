"""Taking turns, or side by side: ours and the reference are measured so that a busy moment hits both."""

import os
import traceback
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


def side_by_side(
    theirs: Callable[[], object],
    ours: Mapping[str, Callable[[], object]],
    *,
    amount: float,
    rounds: int,
    reference: str,
    unit: str,
    **details: Any,
) -> list[Result]:
    """Both at the same moment, each in a process of its own: `amount` ÷ the CPU seconds of it and all it started.

    Processor time grows when others share the cores' caches and pipelines; at the same moment it grows for both.
    Raises RuntimeError when one of them fails.
    """
    results = [Result(name, reference, unit, [], [], dict(details)) for name in ours]
    for turn in range(rounds):
        for result, act in zip(results, ours.values(), strict=True):
            pair = (theirs, act) if turn % 2 else (act, theirs)
            took = [_ended(child) for child in [_forked(each) for each in pair]]
            mine, other = took[::-1] if turn % 2 else took
            result.ours.append(amount / mine)
            result.theirs.append(amount / other)
    for result in results:
        result.details["cpu_s"] = _short(amount / median(result.ours))
        result.details["reference_cpu_s"] = _short(amount / median(result.theirs))
    return results


def cpu_of(act: Callable[[], object], *, rounds: int) -> float:
    """The CPU seconds of it and all that it starts, by itself: the median. Raises RuntimeError when it fails."""
    return _short(median(_ended(_forked(act)) for _ in range(rounds)))


def _forked(act: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        act()
    except BaseException:  # said here, and by the exit; nothing of the parent's is run to its end twice
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _ended(child: int) -> float:
    """The CPU seconds of a child and all that it waited for."""
    _pid, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"a measured process ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime


def _short(number: float) -> float:
    """Four digits that count."""
    return float(f"{number:.4g}")

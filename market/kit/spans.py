"""Whole numbers sorted into spans: `0-500`, `500-1000`, …, `3000-`, each from (included) to (not included)."""

from collections.abc import Callable, Sequence

from market.kit.words import _


def spans(steps: Sequence[int]) -> list[str]:
    """All spans that these steps part, the lowest first."""
    ends = ["", *map(str, steps)]
    return [f"{low or 0}-{high}" for low, high in zip(ends, [*ends[1:], ""], strict=True)]


def span_of(amount: int, steps: Sequence[int]) -> str:
    return spans(steps)[sum(amount >= step for step in steps)]


def ends(span: str) -> tuple[int, int | None]:
    """From (included) to (not included); None: without end."""
    low, _dash, high = span.partition("-")
    return int(low or 0), int(high) if high else None


def span_name(span: str, shown: Callable[[int], str]) -> str:
    """A span in the reader's language; `shown` says a number."""
    low, high = ends(span)
    if high is None:
        return _("%(n)s 以上", n=shown(low))
    if low == 0:
        return _("%(n)s 以下", n=shown(high))
    return f"{shown(low)}–{shown(high)}"

"""What packages above supply to the brief's pages: seasons to choose from, and how well a brief fits a creator.

A lower package never asks about a higher one; it calls what was registered when the app was put together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Fit:
    """How well a brief fits the creator who looks at it: 0..1, and the strongest reason in words."""

    score: float
    why: str = ""


Campaigns = Callable[[], Mapping[str, str]]
Fits = Callable[[UUID, Sequence[Any]], Mapping[UUID, Fit]]
Picks = Callable[[UUID, int], Sequence[tuple[UUID, Fit]]]

Advise = Callable[[Any, UUID | None, int | None], Any]

_advise: list[Advise] = []
_campaigns: list[Campaigns] = []
_fits: list[Fits] = []
_picks: list[Picks] = []


def register_campaigns(read: Campaigns) -> None:
    """`read()` gives the seasons a brief may be for: code → name."""
    _campaigns[:] = [read]


def register_fits(fits: Fits) -> None:
    """`fits(creator_id, tasks)` gives the fit of each of these briefs for a creator, by task id."""
    _fits[:] = [fits]


def register_picks(picks: Picks) -> None:
    """`picks(creator_id, limit)` gives the best open briefs for a creator, best first."""
    _picks[:] = [picks]


def register_advice(advise: Advise) -> None:
    """`advise(task, creator_id, price_fen)` gives what the work may bring at that price, else at the listed one, and what
    such work costs (effect/_advice.html shows it)."""
    _advise[:] = [advise]


def advice(task: Any, creator_id: UUID | None = None, price_fen: int | None = None) -> Any:
    return _advise[0](task, creator_id, price_fen) if _advise else None


def campaigns() -> dict[str, str]:
    return dict(_campaigns[0]()) if _campaigns else {}


def fits(creator_id: UUID, tasks: Sequence[Any]) -> Mapping[UUID, Fit]:
    return _fits[0](creator_id, tasks) if _fits and tasks else {}


def picks(creator_id: UUID, limit: int) -> Sequence[tuple[UUID, Fit]]:
    return _picks[0](creator_id, limit) if _picks else []

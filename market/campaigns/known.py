"""The seasons as this request found them: every page asks for its accent, some for a choice; one statement answers."""

from collections.abc import Sequence
from typing import cast

from flask import g

from market.campaigns import queries
from market.campaigns.models import Season


def seasons() -> Sequence[Season]:
    """All of them, the one that begins last first."""
    if "seasons" not in g:
        g.seasons = queries.seasons()
    return cast(Sequence[Season], g.seasons)


def current_season() -> Season | None:
    """The one whose phase runs now, else the next to come, else none."""
    ahead = [one for one in seasons() if one.next_turn]
    return min(ahead, key=lambda one: (one.phase is None, one.next_turn), default=None)


def open_seasons(locale: str) -> dict[str, str]:
    """Code and name of the seasons a brief may be for."""
    return {one.code: one.name(locale) for one in reversed(seasons()) if one.closed_at is None}

"""A question to the square, as values: what the page's address, the API's query and a saved search all come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from market.finding import facets

LIMITS = ("price_max_fen", "fans_min", "level_min")


@dataclass(frozen=True)
class Asked:
    """Words, chosen values by group, and limits. Alternatives within a group, all groups together."""

    q: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_max_fen: int | None = None
    fans_min: int | None = None
    level_min: int | None = None

    @property
    def parts(self) -> list[str]:
        """What could be dropped: `q`, groups, limits."""
        limits = [name for name in LIMITS if getattr(self, name)]
        return [*(["q"] if self.q else []), *self.chosen, *limits]

    def without(self, part: str, value: str | None = None) -> "Asked":
        """The same question with one part, or one value of a group, left out."""
        if part == "q":
            return replace(self, q="")
        if part in LIMITS:
            limits: dict[str, Any] = {part: None}
            return replace(self, **limits)
        left = () if value is None else tuple(each for each in self.chosen.get(part, ()) if each != value)
        rest = {group: values for group, values in self.chosen.items() if group != part}
        return replace(self, chosen=rest | ({part: left} if left else {}))

    def adding(self, group: str, value: str) -> "Asked":
        return replace(self, chosen=dict(self.chosen) | {group: (*self.chosen.get(group, ()), value)})

    def values(self) -> dict[str, Any]:
        """As the API's query and saved searches say it; `of` reads it back."""
        said: dict[str, Any] = {"q": self.q} if self.q else {}
        said |= {group: list(values) for group, values in self.chosen.items()}
        return said | {name: getattr(self, name) for name in LIMITS if getattr(self, name)}


def of(loaded: Mapping[str, Any]) -> Asked:
    """From loaded values; what is not part of a question is left aside."""
    chosen = {group: tuple(dict.fromkeys(loaded[group])) for group in facets.GROUPS if loaded.get(group)}
    limits = {name: loaded.get(name) or None for name in LIMITS}
    return Asked(q=(loaded.get("q") or "").strip(), chosen=chosen, **limits)


def address(asked: Asked, **more: Any) -> str:
    """The square's page for a question; amounts stand in yuan there."""
    values = {name: value for name, value in (asked.values() | more).items() if value}
    if asked.price_max_fen:
        values["price_max_fen"] = Decimal(asked.price_max_fen) / 100
    return "/creators" + (f"?{urlencode(values, doseq=True)}" if values else "")

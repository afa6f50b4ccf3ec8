"""What happened to something, in words: the entries of ui.timeline, the newest last."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from market.accounts.queries import parties
from market.kit.events import Event
from market.kit.words import _, say

Words = Mapping[str, tuple[str, str, str]]
"""By the name of the fact: its text, which may use the fact's data, its icon, its tone."""


def entries_of(
    facts: Iterable[Event],
    words: Words,
    *,
    text: Callable[[Event], str] | None = None,
    href: Callable[[Event], str] | None = None,
    unnamed: UUID | None = None,
) -> list[dict[str, Any]]:
    """Those facts that `words` knows. `unnamed`: the party whose own page this is, and who need not be named."""
    told = [fact for fact in facts if fact.name in words]
    names = parties(fact.party_id for fact in told)

    def who(fact: Event) -> str:
        if unnamed and fact.party_id == unnamed:
            return ""
        return names[fact.party_id].name if fact.party_id in names else _("平台")

    return [
        {
            "at": fact.at,
            "text": text(fact) if text else say(words[fact.name][0]) % fact.data,
            "who": who(fact),
            "icon": words[fact.name][1],
            "tone": words[fact.name][2],
            "href": href(fact) if href else "",
        }
        for fact in told
    ]

"""From modules to what a page shows, and the public rendering kept for a moment in each process."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from market.campaigns import offers, queries
from market.campaigns.models import ModuleKind, Venue
from market.feed import queries as feed
from market.kit.clock import now
from market.kit.ids import encode
from market.kit.words import say
from market.live import queries as live
from market.publication.cards import Card, live_cards, post_cards, product_cards, video_cards
from market.shops import queries as shops
from market.video import queries as video
from market.video.kinds import KINDS, Place

SPARE = 3
"""So many times the wanted number is looked at: some of a module's works may have left their shelf."""
KEEP = timedelta(seconds=5)
"""A change that raises no event (a price, a name) shows after this at the latest; all others at once."""
MOST_KEPT = 64


@dataclass(frozen=True)
class Section:
    """One module with its cards. `prefix` makes the public ids of its works."""

    id: UUID
    kind: ModuleKind
    title: str
    until: datetime | None
    cards: list[Card]

    @property
    def public_ids(self) -> list[str]:
        return [encode(PREFIXES[self.kind], card["id"]) for card in self.cards]


PREFIXES = {
    ModuleKind.VIDEO: "vid",
    ModuleKind.LIVE: "liv",
    ModuleKind.FEED: "pst",
    ModuleKind.PRODUCTS: "prd",
}


def _shows(ids: Iterable[UUID]) -> list[Card]:
    """Only what is still to come or on now, the nearest first."""
    ahead = [show for show in live.programmes(ids) if show.is_coming or show.is_now]
    return live_cards(sorted(ahead, key=lambda show: show.starts_at))


CARDS: dict[ModuleKind, Callable[[list[UUID]], list[Card]]] = {
    ModuleKind.VIDEO: lambda ids: video_cards(
        [
            each
            for each in video.videos(ids)
            if not each.held_back_at and Place.VENUE in KINDS[each.kind].places
        ]
    ),
    ModuleKind.LIVE: _shows,
    ModuleKind.FEED: lambda ids: post_cards(feed.posts(ids)),
    ModuleKind.PRODUCTS: lambda ids: product_cards(shops.shown(ids)),
}


def sections(layout: list[dict[str, Any]]) -> list[Section]:
    """The modules of a layout with what stands in them; withdrawn works are simply not there."""
    return [_section(module) for module in layout]


def _section(module: dict[str, Any]) -> Section:
    kind, key = ModuleKind(module["kind"]), UUID(module["id"])
    cards: list[Card] = []
    if "offer" in module:
        cards = video_cards(offers.films(UUID(module["offer"])))
    elif kind in CARDS:
        ids = [entry.entry_id for entry in queries.entries(key, module["size"] * SPARE)]
        cards = CARDS[kind](ids)[: module["size"]]
    until = datetime.fromisoformat(module["until"]) if module["until"] else None
    # A title of ours (service.STANDARD) is in the catalogue; an operator's own words stay as they are.
    return Section(key, kind, say(module["title"]), until, cards)


class Kept:
    """Renderings by venue, version and language: a change of the version makes all processes render afresh."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[Any, ...], tuple[datetime, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, venue: Venue, reader: tuple[str, ...], render: Callable[[], str]) -> str:
        key = (venue.id, venue.version, *reader)
        with self._lock:
            found = self._held.get(key)
            if found and found[0] > now():
                return found[1]
        html = render()
        with self._lock:
            self._held[key] = (now() + KEEP, html)
            self._held.move_to_end(key)
            while len(self._held) > MOST_KEPT:
                self._held.popitem(last=False)
        return html


kept = Kept()

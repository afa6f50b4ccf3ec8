"""Taking a batch of views: no database, two checks of signatures, one word to Redis."""

from collections.abc import Sequence
from functools import lru_cache

from market.audience.buffer import Buffer
from market.audience.errors import NotCountable
from market.audience.models import EVENTS
from market.audience.tokens import BadToken, read_placement, read_visit


def take(visit: str, events: Sequence[str], *, at: float, secret: str, into: Buffer) -> None:
    """`events` are `<placement>.<event>`. All or none. Raises NotCountable, CountingAway."""
    try:
        who = read_visit(visit, at, secret)
        seen = [_seen(text, secret) for text in events]
    except (BadToken, ValueError) as wrong:
        raise NotCountable from wrong
    person = who.person_id.hex if who.person_id else None
    into.put({"at": int(at), "issued": who.issued_at, "visit": who.number, "person": person, "seen": seen})


@lru_cache(16_384)
def _seen(text: str, secret: str) -> tuple[str, str, str, int]:
    """Kind, surface, entry and event, as the buffer keeps them. Every viewer of a work on a surface sends the same text,
    so few are checked twice; a bad one is not remembered."""
    token, _, event = text.partition(".")
    place = read_placement(token, secret)
    return place.kind.value, place.surface.value, place.entry_id.hex, EVENTS.index(event)

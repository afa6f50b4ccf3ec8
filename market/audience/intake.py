"""Taking a batch of views: no database, two checks of signatures, one word to Redis."""

from collections.abc import Sequence

from market.audience.buffer import Buffer
from market.audience.errors import NotCountable
from market.audience.models import EVENTS
from market.audience.tokens import BadToken, read_placement, read_visit


def take(visit: str, events: Sequence[str], *, at: float, secret: str, into: Buffer) -> None:
    """`events` are `<placement>.<event>`. All or none. Raises NotCountable, CountingAway."""
    try:
        who = read_visit(visit, at, secret)
        seen = []
        for text in events:
            token, _, event = text.partition(".")
            place = read_placement(token, secret)
            seen.append([place.kind.value, place.surface.value, place.entry_id.hex, EVENTS.index(event)])
    except (BadToken, ValueError) as wrong:
        raise NotCountable from wrong
    person = who.person_id.hex if who.person_id else None
    into.put({"at": int(at), "issued": who.issued_at, "visit": who.number, "person": person, "seen": seen})

"""Writing a profile, and noting how a creator answers invitations."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.accounts.queries import find_party
from market.creators.errors import SharesExceed
from market.creators.models import PRICES, Profile, ProviderKind
from market.creators.queries import profile
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record

FIELDS = (
    "categories",
    "tags",
    "platform_level",
    "fans",
    "audience",
    *PRICES,
    "slots_per_week",
    "city_tier",
    "works",
)


def save_profile(party_id: UUID, data: dict[str, Any], *, by: Actor) -> Profile:
    """Write what is given and leave the rest; `city` and `bio` belong to the party. Raises SharesExceed."""
    party = find_party(party_id, lock=True)
    mine = own(party_id)
    for part, shares in data.get("audience", {}).items():
        if sum(shares.values()) > 100:
            raise SharesExceed(field=f"audience.{part}.{next(iter(shares))}", total=sum(shares.values()))
    for name in ("city", "bio"):
        if name in data:
            setattr(party, name, data[name])
    if "kind" in data:
        mine.kind = ProviderKind(data["kind"])
    for name in FIELDS:
        if name in data:
            setattr(mine, name, data[name])
    mine.updated_at = now()
    db.session.flush()
    record("profile.saved", party_id, by=by)
    return mine


def note_reply(party_id: UUID, *, in_time: bool, median_s: int | None) -> None:
    """K8: one more invitation answered, or left to expire; `median_s` is the new median of the answers."""
    mine = own(party_id)
    if in_time:
        mine.replies += 1
        mine.reply_median_s = median_s
    else:
        mine.unanswered += 1
    db.session.flush()


def count_replies(party_id: UUID, replies: int, unanswered: int) -> None:
    """So many more answers, or fewer, that were given elsewhere. Holds the profile's lock."""
    mine = own(party_id)
    mine.replies += replies
    mine.unanswered += unanswered
    db.session.flush()


def own(party_id: UUID) -> Profile:
    """The locked row of this creator, made on first use."""
    db.session.execute(insert(Profile).values(party_id=party_id, categories=[]).on_conflict_do_nothing())
    mine = profile(party_id, lock=True)
    assert mine is not None
    return mine

"""Providers by id and by address, and what they ask for. Searching them is finding's."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, func, or_, select

from market.accounts.actor import Actor
from market.accounts.models import Party, Verification
from market.accounts.vocabulary import Format, Length, Piece, whole
from market.creators.models import Priced, Profile, price_columns
from market.kit.db import among, by_key, db
from market.kit.errors import NotFound


def visible_to(actor: Actor | None) -> Select[Profile]:
    """Verified providers are public; one's own profile and, to operators, all."""
    rows = select(Profile).join(Party, Party.id == Profile.party_id)
    if actor and actor.is_operator:
        return rows
    public = Party.verification == Verification.VERIFIED
    return rows.where(or_(public, Party.id == actor.party_id) if actor else public)


def profile(party_id: UUID, *, lock: bool = False) -> Profile | None:
    """None when the creator has not written one yet."""
    return db.session.get(Profile, party_id, with_for_update=lock or None, populate_existing=lock)


def profiles(ids: Iterable[UUID]) -> dict[UUID, Profile]:
    return by_key(Profile, ids)


@dataclass(frozen=True, slots=True)
class Offer(Priced):
    """A profile as a plain row: a whole object, with its party, costs ten times as much."""

    party_id: UUID
    created_at: datetime
    categories: list[str]
    tags: list[str]
    audience: dict[str, Any]
    price_article_fen: int | None
    price_video_short_fen: int | None
    price_video_medium_fen: int | None
    price_video_long_fen: int | None
    price_live_hour_fen: int | None
    slots_per_week: int | None
    replies: int
    unanswered: int


Offering = Profile | Offer

OFFER = tuple(each.name for each in fields(Offer))
"""The columns of profiles that an Offer is read from, in its order."""


def offers(ids: Iterable[UUID]) -> dict[UUID, Offer]:
    """Of the verified ones among them, what they offer."""
    rows = (
        select(*(getattr(Profile, column) for column in OFFER))
        .join(Party, Party.id == Profile.party_id)
        .where(among(Profile.party_id, ids), Party.verification == Verification.VERIFIED)
    )
    return {row[0]: Offer(*row) for row in db.session.execute(rows)}


def find_visible(party_id: UUID, actor: Actor | None) -> Profile:
    """Raises NotFound, also for what the actor may not see."""
    found = db.session.scalar(visible_to(actor).where(Profile.party_id == party_id))
    if found is None:
        raise NotFound
    return found


def by_handle(handle: str, actor: Actor | None) -> Profile:
    """The profile behind /c/<handle>. Raises NotFound."""
    found = db.session.scalar(visible_to(actor).where(Party.handle == handle))
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Band:
    """What verified providers of a category ask for a piece: how many, quartiles in fen, and how many are in reach."""

    n: int
    low_fen: int
    mid_fen: int
    high_fen: int
    within: int


def price_of(
    format: Format, length: Length | None = None, minutes: int | None = None
) -> ColumnElement[int | None]:
    """`Profile.price` in SQL."""
    columns = (getattr(Profile, column) for column in price_columns(format, length))
    lowest: ColumnElement[int | None] = whole(func.least(*columns, type_=BigInteger), minutes)
    return lowest


def price_band(category: str, piece: Piece, budget_fen: int | None) -> Band | None:
    """None while nobody offers it."""
    price: Any = price_of(*piece)
    n, quartiles, within = db.session.execute(
        select(
            func.count(),
            func.percentile_disc([0.25, 0.5, 0.75]).within_group(price),
            func.count().filter(price <= (budget_fen or 0)),
        )
        .join(Party, Party.id == Profile.party_id)
        .where(
            Party.verification == Verification.VERIFIED,
            Profile.categories.contains([category]),
            price.is_not(None),
        )
    ).one()
    if not n:
        return None
    low, mid, high = quartiles
    return Band(n, low, mid, high, within)

"""Finding providers: by id, by address, and on the square."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from market.accounts.actor import Actor
from market.accounts.models import Party, Verification
from market.accounts.vocabulary import Format
from market.creators.models import Profile, ProviderKind
from market.kit.db import by_key, db
from market.kit.errors import NotFound
from market.kit.paging import Page, page_by, page_of
from market.kit.search import matches

PRICES = {
    Format.ARTICLE: Profile.price_article_fen,
    Format.VIDEO: Profile.price_video_fen,
    Format.LIVE: Profile.price_live_fen,
}


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


def search(
    actor: Actor | None,
    *,
    category: str | None = None,
    format: str | None = None,
    kind: str | None = None,
    price_max_fen: int | None = None,
    fans_min: int | None = None,
    level_min: int | None = None,
    city: str | None = None,
    q: str | None = None,
    sort: str = "new",
    limit: int = 20,
    cursor: str | None = None,
) -> Page[Profile]:
    """The square: verified providers only. `sort`: new, fans, price (lowest first), level."""
    rows = visible_to(actor).where(Party.verification == Verification.VERIFIED)
    price: Any = PRICES[Format(format)] if format else None
    asked: Any = func.coalesce(price if format else func.least(*PRICES.values()), 0)
    if category:
        rows = rows.where(Profile.categories.contains([category]))
    if format:
        rows = rows.where(price.is_not(None))
    if kind:
        rows = rows.where(Profile.kind == ProviderKind(kind))
    if price_max_fen is not None:
        rows = rows.where(asked > 0, asked <= price_max_fen)
    if fans_min:
        rows = rows.where(Profile.fans >= fans_min)
    if level_min:
        rows = rows.where(Profile.platform_level >= level_min)
    if city:
        rows = rows.where(Party.city.startswith(city, autoescape=True))
    if q and (words := matches(Profile.search, q)) is not None:
        # The name stands with the party and may be changed there.
        rows = rows.where(or_(words, Party.name.icontains(q, autoescape=True)))
    if sort == "fans":
        return page_by(rows, Profile.fans, Profile.party_id, limit=limit, cursor=cursor)  # type: ignore[arg-type]
    if sort == "level":
        return page_by(rows, Profile.platform_level, Profile.party_id, limit=limit, cursor=cursor)  # type: ignore[arg-type]
    if sort == "price":
        return page_by(
            rows.where(asked > 0), asked, Profile.party_id, rising=True, limit=limit, cursor=cursor
        )
    return page_of(rows, Profile.party_id, limit=limit, cursor=cursor)


@dataclass(frozen=True)
class Band:
    """What verified providers of a category ask for a format: how many, quartiles in fen, and how many are in reach."""

    n: int
    low_fen: int
    mid_fen: int
    high_fen: int
    within: int


def price_band(category: str, format: Format, budget_fen: int | None) -> Band | None:
    """None while nobody offers it."""
    price: Any = PRICES[format]
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


def cities(limit: int = 40) -> Sequence[str]:
    """The cities verified providers live in, the most frequent first."""
    return db.session.scalars(
        select(Party.city)
        .join(Profile, Profile.party_id == Party.id)
        .where(Party.verification == Verification.VERIFIED, Party.city != "")
        .group_by(Party.city)
        .order_by(func.count().desc(), Party.city)
        .limit(limit)
    ).all()

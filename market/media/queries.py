"""Reading assets, always from what the asker may see."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select

from market.accounts.actor import Actor
from market.kit.db import by_key, db
from market.media.errors import AssetNotFound
from market.media.models import Asset, AssetShare, AssetState, JobState, Kind, MediaJob, MediaTurn


def visible_to(actor: Actor | None) -> Select[Asset]:
    """Published ones for everybody; one's own, and those shared with one, before that; all for operators."""
    if actor is not None and actor.is_operator:
        return select(Asset)
    seen: list[ColumnElement[bool]] = [Asset.published_at.is_not(None)]
    if actor is not None and actor.party_id is not None:
        shared = select(AssetShare.asset_id).where(AssetShare.party_id == actor.party_id)
        seen += [Asset.owner_id == actor.party_id, Asset.id.in_(shared)]
    return select(Asset).where(or_(*seen))


def find(asset_id: UUID, actor: Actor | None) -> Asset:
    """Raises AssetNotFound for what is not there or not visible."""
    asset = db.session.scalar(visible_to(actor).where(Asset.id == asset_id))
    if asset is None:
        raise AssetNotFound
    return asset


def own(asset_id: UUID, actor: Actor, *, lock: bool = False) -> Asset:
    """An asset of the actor's party, seen by nobody else here. Raises AssetNotFound."""
    query = select(Asset).where(Asset.id == asset_id, Asset.owner_id == actor.party_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    asset = db.session.scalar(query)
    if asset is None:
        raise AssetNotFound
    return asset


def to_attach(asset_id: UUID, actor: Actor) -> Asset:
    """The same for whoever is about to point at it: until then nobody deletes it. Raises AssetNotFound."""
    asset = db.session.scalar(
        select(Asset)
        .where(Asset.id == asset_id, Asset.owner_id == actor.party_id)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if asset is None:
        raise AssetNotFound
    return asset


def by_token(token: str) -> Asset | None:
    return db.session.scalar(select(Asset).where(Asset.token == token))


def may_see(asset: Asset, actor: Actor | None) -> bool:
    """The question of `visible_to` about one asset that is already loaded."""
    if asset.published_at is not None:
        return True
    if actor is None:
        return False
    if actor.is_operator or actor.is_party(asset.owner_id):
        return True
    share = select(AssetShare.id).where(
        AssetShare.asset_id == asset.id, AssetShare.party_id == actor.party_id
    )
    return db.session.scalar(share) is not None


def assets(ids: Collection[UUID | None]) -> dict[UUID, Asset]:
    """By id, for pages that already know the reader may see what points at them."""
    return by_key(Asset, ids)


def owned_images(ids: Collection[UUID], party_id: UUID) -> set[UUID]:
    """Which of these are pictures of this party that were not refused; until the commit nobody deletes them."""
    return set(
        db.session.scalars(
            select(Asset.id)
            .where(
                Asset.id.in_(ids),
                Asset.owner_id == party_id,
                Asset.kind == Kind.IMAGE,
                Asset.state != AssetState.REFUSED,
                Asset.state != AssetState.UPLOADING,
            )
            .order_by(Asset.id)
            .with_for_update(read=True, key_share=True)
        )
    )


def mine(actor: Actor) -> Select[Asset]:
    """The actor's own files."""
    return select(Asset).where(Asset.owner_id == actor.party_id)


def used_bytes(party_id: UUID) -> int:
    """What the party's files take, those still arriving counted whole."""
    taken = select(func.coalesce(func.sum(Asset.size), 0)).where(
        Asset.owner_id == party_id, Asset.state != AssetState.REFUSED
    )
    return int(db.session.scalar(taken) or 0)


def open_uploads(party_id: UUID) -> int:
    running = select(func.count()).where(Asset.owner_id == party_id, Asset.state == AssetState.UPLOADING)
    return db.session.scalar(running) or 0


def jobs(ids: Collection[UUID]) -> Mapping[UUID, MediaJob]:
    """The job of each of these assets, by asset."""
    found = db.session.scalars(select(MediaJob).where(MediaJob.asset_id.in_(ids)))
    return {job.asset_id: job for job in found}


def place_in_line(job: MediaJob) -> int:
    """1 for the next one to be started: what the party itself has before it, and the others' turns until then."""
    owner = select(Asset.owner_id).where(Asset.id == job.asset_id).scalar_subquery()
    lines = (
        select(
            (Asset.owner_id == owner).label("is_own"),
            func.count().label("waiting"),
            func.count().filter(MediaJob.id < job.id).label("before"),
            func.min(cast(MediaJob.id, String)).label("first"),
            MediaTurn.served_at,
        )
        .select_from(MediaJob)
        .join(Asset, Asset.id == MediaJob.asset_id)
        .outerjoin(MediaTurn, MediaTurn.owner_id == Asset.owner_id)
        .where(MediaJob.state == JobState.QUEUED)
        .group_by(Asset.owner_id, MediaTurn.served_at)
    )
    rows = db.session.execute(lines).all()
    own = next((row for row in rows if row.is_own), None)
    if own is None:
        return 1
    earlier = {row: _turn(row.served_at, row.first) < _turn(own.served_at, own.first) for row in rows}
    others = sum(min(row.waiting, own.before + earlier[row]) for row in rows if not row.is_own)
    return int(1 + own.before + others)


def _turn(served_at: datetime | None, first: str) -> tuple[bool, float, str]:
    """Sorts by whose turn is earlier: who was never served, then who was served the longest ago, then the oldest file."""
    return served_at is not None, served_at.timestamp() if served_at else 0.0, first

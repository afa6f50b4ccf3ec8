"""Finding drafts, and the films they can be made of."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, func, select

from market.accounts.actor import Actor
from market.kit.db import db
from market.media import queries as media
from market.media.models import Asset, AssetState, Kind
from market.taopai.errors import DraftNotFound
from market.taopai.models import EditDraft

FILMS_SHOWN = 60


def visible_to(actor: Actor) -> Select[EditDraft]:
    """A draft is its party's own."""
    return select(EditDraft).where(EditDraft.owner_id == actor.party_id)


def find(draft_id: UUID, actor: Actor, *, lock: bool = False) -> EditDraft:
    """Raises DraftNotFound for what is not there or not the actor's."""
    query = visible_to(actor).where(EditDraft.id == draft_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    draft = db.session.scalar(query)
    if draft is None:
        raise DraftNotFound
    return draft


def count(actor: Actor) -> int:
    return db.session.scalar(select(func.count()).select_from(visible_to(actor).subquery())) or 0


def films(actor: Actor) -> Select[Asset]:
    """What a film can be made of: the party's own films that are ready."""
    return media.mine(actor).where(Asset.kind == Kind.VIDEO, Asset.state == AssetState.READY)


def films_by_id(ids: Collection[UUID], actor: Actor) -> dict[UUID, Asset]:
    return {film.id: film for film in db.session.scalars(films(actor).where(Asset.id.in_(ids)))}


def newest_films(actor: Actor) -> list[Asset]:
    return list(db.session.scalars(films(actor).order_by(Asset.id.desc()).limit(FILMS_SHOWN)))

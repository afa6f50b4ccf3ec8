"""Finding drafts, the films they can be made of, shoots and templates."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from market.accounts.actor import Actor
from market.kit.db import db
from market.media import queries as media
from market.media.models import Asset, AssetState, Kind
from market.taopai import plans
from market.taopai.errors import DraftNotFound, ShootNotFound, TemplateNotFound
from market.taopai.models import EditDraft, Shoot, ShotTemplate

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


def films_by_id(ids: Collection[UUID], actor: Actor, *, keep: bool = False) -> dict[UUID, Asset]:
    """With `keep` nobody deletes them before the commit."""
    query = films(actor).where(Asset.id.in_(ids))
    if keep:
        query = query.order_by(Asset.id).with_for_update(read=True, key_share=True)
    return {film.id: film for film in db.session.scalars(query)}


def newest_films(actor: Actor) -> list[Asset]:
    return list(db.session.scalars(films(actor).order_by(Asset.id.desc()).limit(FILMS_SHOWN)))


def shoots(actor: Actor) -> Select[Shoot]:
    """A shoot is its party's own."""
    return select(Shoot).where(Shoot.owner_id == actor.party_id)


def find_shoot(shoot_id: UUID, actor: Actor, *, lock: bool = False) -> Shoot:
    """Raises ShootNotFound for what is not there or not the actor's."""
    query = shoots(actor).where(Shoot.id == shoot_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    shoot = db.session.scalar(query)
    if shoot is None:
        raise ShootNotFound
    return shoot


def count_shoots(actor: Actor) -> int:
    return db.session.scalar(select(func.count()).select_from(shoots(actor).subquery())) or 0


def newest_shoots(actor: Actor, most: int = 10) -> list[Shoot]:
    return list(db.session.scalars(shoots(actor).order_by(Shoot.id.desc()).limit(most)))


def structure_of(film_id: UUID) -> dict[str, Any] | None:
    """How a film that was made here is built, as a template to film by: the plan it was shot by, else how long its
    clips are. None for a film from elsewhere. Its words are its maker's and stay out."""
    draft = db.session.scalar(
        select(EditDraft).where(EditDraft.film_id == film_id).order_by(EditDraft.id.desc()).limit(1)
    )
    if draft is None:
        return None
    shoot = db.session.scalar(
        select(Shoot).where(Shoot.draft_id == draft.id).order_by(Shoot.id.desc()).limit(1)
    )
    return plans.bare(shoot.plan) if shoot else plans.of_clips(draft.edit_list["clips"])


def templates() -> dict[str, dict[str, Any]]:
    """Every template by key: the house's in its order, each as operators changed it, then the operators' own."""
    changed = db.session.scalars(select(ShotTemplate).order_by(ShotTemplate.id))
    own = {row.key: plans.ShotPlanSchema().load(row.plan) for row in changed}
    return {**{key: own.get(key, plan) for key, plan in plans.house().items()}, **own}


def template(key: str, *, hidden: bool = False) -> dict[str, Any]:
    """Raises TemplateNotFound, also for one that is no longer offered unless `hidden` is asked for."""
    plan = templates().get(key)
    if plan is None or not (hidden or plan["is_offered"]):
        raise TemplateNotFound
    return plan

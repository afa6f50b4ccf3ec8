"""JSON: templates of shots, and filming by them."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.media import shown
from market.media.routes import represent
from market.taopai import policy, queries, shooting
from market.taopai.blueprints import api as bp
from market.taopai.models import EditDraft, Shoot
from market.taopai.plans import ShotPlanSchema, house
from market.taopai.schemas import EditDraftSchema
from market.taopai.shooting_schemas import (
    AskedSchema,
    BeginSchema,
    ShootSchema,
    ShotTemplateSchema,
    ShotTemplatesSchema,
    TakeInSchema,
)

AT = "/shot-templates/<key>"


@bp.get("/shot-templates")
@bp.response(200, ShotTemplatesSchema)
def list_templates() -> dict[str, Any]:
    """The templates that are offered, the house's first; operators also see the others."""
    hidden = policy.may_change_templates(current_actor())
    found = queries.templates().items()
    return {"data": [{"key": key, **plan} for key, plan in found if hidden or plan["is_offered"]]}


@bp.put(AT)
@bp.arguments(ShotPlanSchema)
@bp.response(200, ShotTemplateSchema)
def keep_template(plan: dict[str, Any], key: str) -> dict[str, Any]:
    """Operators write a template; under a key of the house's it stands in its place."""
    actor = current_actor()
    require(policy.may_change_templates(actor))
    with transaction():
        kept = shooting.keep_template(key, plan, by=actor)
    return {"key": key, **kept.plan}


@bp.delete(AT)
@bp.response(204)
def drop_template(key: str) -> None:
    """Operators take their template back; the house's stands again, where there is one."""
    actor = current_actor()
    require(policy.may_change_templates(actor))
    with transaction():
        if key not in house():
            queries.template(key, hidden=True)
        shooting.drop_template(key, by=actor)


@bp.get("/shoots")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(ShootSchema))
def list_shoots(query: dict[str, Any]) -> Page[Shoot]:
    """One's own, newest first."""
    return page_of(queries.shoots(current_actor()), Shoot.id, **query)


@bp.post("/shoots")
@bp.arguments(BeginSchema)
@bp.response(201, ShootSchema)
def create_shoot(data: dict[str, Any]) -> Shoot:
    """Begin to film by a template."""
    with transaction():
        return shooting.begin(data["template"], by=current_actor())


@bp.get("/shoots/<pid('sht'):shoot_id>")
@bp.response(200, ShootSchema)
def get_shoot(shoot_id: UUID) -> Shoot:
    return queries.find_shoot(shoot_id, current_actor())


@bp.delete("/shoots/<pid('sht'):shoot_id>")
@bp.response(204)
def delete_shoot(shoot_id: UUID) -> None:
    """The films of its shots stay among the uploads."""
    with transaction():
        shooting.remove(queries.find_shoot(shoot_id, current_actor(), lock=True))


@bp.put("/shoots/<pid('sht'):shoot_id>/takes/<int(max=99):number>")
@bp.arguments(TakeInSchema)
@bp.response(200, ShootSchema)
def put_take(data: dict[str, Any], shoot_id: UUID, number: int) -> Shoot:
    """This film is the shot from now on; the one before stays among the uploads."""
    actor = current_actor()
    with transaction():
        shoot = queries.find_shoot(shoot_id, actor, lock=True)
        return shooting.take(shoot, number, data["asset_id"], by=actor)


@bp.post("/shoots/<pid('sht'):shoot_id>/draft")
@bp.response(201, EditDraftSchema)
def create_draft(shoot_id: UUID) -> EditDraft:
    """The shots as a draft to be edited; asked again it is the same one."""
    actor = current_actor()
    with transaction():
        return shooting.draft_of(queries.find_shoot(shoot_id, actor, lock=True), by=actor)


@bp.post("/shoots/<pid('sht'):shoot_id>/film")
@bp.response(201, AskedSchema)
def create_shot_film(shoot_id: UUID) -> dict[str, Any]:
    """Have the film made, without editing: now, or by itself as soon as the shots are converted."""
    actor = current_actor()
    with transaction():
        film = shooting.ask_film(queries.find_shoot(shoot_id, actor, lock=True), by=actor)
    return {"film": represent(shown.show(film)) if film else None}

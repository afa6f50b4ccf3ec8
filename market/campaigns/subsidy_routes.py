"""JSON: subsidies, for operators who answer for the platform's money."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.campaigns.blueprints import api as bp
from market.campaigns.subsidy_schemas import SubsidyInSchema, SubsidySchema
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.subsidies import queries, service
from market.subsidies.models import Subsidy


@bp.get("/subsidies")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(SubsidySchema))
def list_subsidies(query: dict[str, Any]) -> Page[Subsidy]:
    """With what is granted and what is left."""
    actor = current_actor()
    require(queries.may_subsidise(actor))
    return page_of(queries.visible_to(actor), Subsidy.id, **query)


@bp.post("/subsidies")
@bp.arguments(SubsidyInSchema)
@bp.response(201, SubsidySchema)
def create_subsidy(given: dict[str, Any]) -> Subsidy:
    actor = current_actor()
    require(queries.may_subsidise(actor))
    with transaction():
        return service.make(given, actor)


@bp.post("/subsidies/<pid('sby'):subsidy_id>/ending")
@bp.response(200, SubsidySchema)
def end_subsidy(subsidy_id: UUID) -> Subsidy:
    """No new grants; what was granted stands."""
    actor = current_actor()
    require(queries.may_subsidise(actor))
    with transaction():
        found = queries.find_visible(subsidy_id, actor, lock=True)
        service.stop(found, actor)
    return found

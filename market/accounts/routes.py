"""JSON: who am I, and the operators' verification queue."""

from typing import Any, cast
from uuid import UUID

from market.accounts import service
from market.accounts.actor import Right
from market.accounts.edge import current_actor, require
from market.accounts.models import Party, Person
from market.accounts.queries import awaiting_verification, find_party
from market.accounts.schemas import ClaimSchema, DecisionSchema, MeChangeSchema, MeSchema, PartySchema
from market.kit.api import ApiBlueprint, require_match
from market.kit.db import db, transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema

bp = ApiBlueprint("accounts", __name__, description="Who is asking; verification of providers")


@bp.get("/me")
@bp.response(200, MeSchema)
def get_me() -> dict[str, Any]:
    return _me(cast(UUID, current_actor().person_id))


@bp.patch("/me")
@bp.arguments(MeChangeSchema)
@bp.response(200, MeSchema)
def change_me(data: dict[str, Any]) -> dict[str, Any]:
    """Needs If-Match."""
    person_id = cast(UUID, current_actor().person_id)
    with transaction():
        person = db.session.get(Person, person_id, with_for_update=True, populate_existing=True)
        require_match(MeSchema().dump(_me(person_id)))
        cast(Person, person).autoplay = data["autoplay"]
    return _me(person_id)


def _me(person_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    person = cast(Person, db.session.get(Person, person_id))
    return {
        "person_name": person.name,
        "email": person.email,
        "party": find_party(cast(UUID, actor.party_id)),
        "rights": sorted(actor.rights),
        "autoplay": person.autoplay,
    }


@bp.post("/verification")
@bp.arguments(ClaimSchema)
@bp.response(201, PartySchema)
def ask_verification(claim: dict[str, Any]) -> Party:
    actor = current_actor()
    with transaction():
        party = find_party(cast(UUID, actor.party_id), lock=True)
        service.ask_verification(party, claim, by=actor)
    return party


@bp.get("/verifications")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(PartySchema))
def list_verifications(query: dict[str, Any]) -> Page[Party]:
    """Parties waiting for an operator's word, newest first."""
    require(current_actor().may(Right.VERIFY))
    return page_of(awaiting_verification(), Party.id, **query)


@bp.post("/parties/<pid('pty'):party_id>/verification")
@bp.arguments(DecisionSchema)
@bp.response(200, PartySchema)
def decide_verification(decision: dict[str, Any], party_id: UUID) -> Party:
    actor = current_actor()
    require(actor.may(Right.VERIFY))
    with transaction():
        return service.decide_verification(party_id, **decision, by=actor)

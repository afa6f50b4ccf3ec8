"""JSON: a provider, and one's own profile. The list of all is finding's."""

from typing import Any, cast
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.creators import policy, queries, service
from market.creators.models import Profile
from market.creators.schemas import CreatorSchema, ProfileChangeSchema
from market.kit.api import ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.portraits import queries as portraits
from market.portraits.models import Whose
from market.portraits.queries import Latest
from market.portraits.schemas import PortraitSchema

bp = ApiBlueprint(
    "creators", __name__, description="Providers: creators, studios, hosts, media; their prices and reach"
)


@bp.get("/creators/<pid('pty'):party_id>")
@bp.response(200, CreatorSchema)
def get_creator(party_id: UUID) -> Profile:
    return queries.find_visible(party_id, current_actor())


@bp.get("/creators/<pid('pty'):party_id>/portrait")
@bp.response(200, PortraitSchema)
def get_portrait(party_id: UUID) -> Latest:
    """Whom the creator's fans are, as far as it is known and may be shown."""
    actor = current_actor()
    return portraits.find(queries.find_visible(party_id, actor).party_id, Whose.FANS, actor)


@bp.get("/profile")
@bp.response(200, CreatorSchema)
def get_profile() -> Profile:
    """One's own profile; 404 until it is first written."""
    actor = current_actor()
    require(policy.may_edit(actor, cast(UUID, actor.party_id)))
    mine = queries.profile(cast(UUID, actor.party_id))
    if mine is None:
        raise NotFound
    return mine


@bp.patch("/profile")
@bp.arguments(ProfileChangeSchema)
@bp.response(200, CreatorSchema)
def change_profile(change: dict[str, Any]) -> Profile:
    """Write one's profile. The first time there is nothing to match; later If-Match names what was read."""
    actor = current_actor()
    party_id = cast(UUID, actor.party_id)
    require(policy.may_edit(actor, party_id))
    with transaction():
        mine = queries.profile(party_id, lock=True)
        if mine:
            require_match(CreatorSchema().dump(mine))
        return service.save_profile(party_id, change, by=actor)

"""JSON: the portrait of one's own people. A creator's is under /creators, the comparison under the brief's matches."""

from typing import cast
from uuid import UUID

from market.accounts.actor import Role
from market.accounts.edge import current_actor, require
from market.kit.api import ApiBlueprint
from market.portraits import queries
from market.portraits.models import Whose
from market.portraits.queries import Latest
from market.portraits.schemas import PortraitSchema

bp = ApiBlueprint("portraits", __name__, description="Whom fans and buyers are, in shares that name nobody")


@bp.get("/portrait")
@bp.response(200, PortraitSchema)
def get_portrait() -> Latest:
    """Of a creator's fans, or of a merchant's buyers, whoever calls. A merchant's is shown to nobody else."""
    actor = current_actor()
    require(actor.role in (Role.CREATOR, Role.MERCHANT))
    whose = Whose.FANS if actor.role is Role.CREATOR else Whose.BUYERS
    return queries.find(cast(UUID, actor.party_id), whose, actor)

"""Who may do what with files; pure questions."""

from market.accounts.actor import Actor, Right
from market.media.models import Asset

UPLOADING = (Right.BRIEF, Right.SELL, Right.BID, Right.DELIVER, Right.ROSTER, Right.COMPOSE)


def may_upload(actor: Actor) -> bool:
    """Everybody who works here; viewers only look."""
    return actor.party_id is not None and any(actor.may(right) for right in UPLOADING)


def may_change(actor: Actor, asset: Asset) -> bool:
    """Write to an upload or take it back."""
    return actor.is_party(asset.owner_id) and may_upload(actor)

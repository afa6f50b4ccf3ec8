"""The one blueprint of the bids' JSON; its views stand in `routes` and `shortlist_routes`."""

from market.kit.api import ApiBlueprint

bp = ApiBlueprint("bids", __name__, description="Offers on briefs, and invitations to make one")

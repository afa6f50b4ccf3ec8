"""The one blueprint of the orders' JSON; its views stand in `routes` and the `…_routes` modules."""

from market.kit.api import ApiBlueprint

bp = ApiBlueprint("orders", __name__, description="Awards, orders and their money")

"""The blueprints of campaigns: JSON and pages; their views stand in several modules, by what they are about."""

from flask import Blueprint

from market.kit.api import ApiBlueprint

api = ApiBlueprint(
    "campaigns", __name__, description="Seasons, venue pages and subsidies; composing is for operators"
)
pages = Blueprint("campaigns", __name__)

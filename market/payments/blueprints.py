"""The blueprints of payments: JSON and pages; their views stand in several modules, by what they are about."""

from flask import Blueprint

from market.kit.api import ApiBlueprint

api = ApiBlueprint(
    "payments", __name__, description="Payment pages, wallet, saved cards, income and withdrawals"
)
pages = Blueprint("payments", __name__)

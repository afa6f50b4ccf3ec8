"""The one blueprint of the orders' pages; their views stand in `pages` and the `…_pages` modules."""

from flask import Blueprint

bp = Blueprint("orders", __name__)

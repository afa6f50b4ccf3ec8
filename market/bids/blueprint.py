"""The one blueprint of the bids' pages; their views stand in the `…_pages` modules, by who looks."""

from flask import Blueprint

bp = Blueprint("bids", __name__)

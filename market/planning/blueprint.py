"""The pages of planning share one blueprint."""

from flask import Blueprint

bp = Blueprint("planning", __name__)

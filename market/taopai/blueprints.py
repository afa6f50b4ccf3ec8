"""The blueprints of taopai: JSON and pages; their views stand by what they are about, drafts and shoots."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, Response, jsonify, request
from marshmallow import ValidationError

from market.kit.api import ApiBlueprint
from market.kit.errors import Invalid, Refusal, flatten
from market.kit.schemas import Schema
from market.kit.words import say

api = ApiBlueprint(
    "taopai",
    __name__,
    description="Films made of one's uploaded films by an edit list, or filmed shot after shot",
)
pages = Blueprint("taopai", __name__)
View = TypeVar("View", bound=Callable[..., Any])


def spoken(view: View) -> View:
    """Answer a page's script: a refusal is a sentence and sentences by field, never a page."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        try:
            return cast(Response, view(*args, **kwargs))
        except Refusal as refusal:
            response = jsonify(title=say(refusal.title), detail=refusal.detail(), errors=refusal.errors())
            response.status_code = refusal.status
            return response

    return cast(View, answered)


def read(schema: Schema) -> dict[str, Any]:
    """The JSON of the request. Raises Invalid."""
    try:
        return cast(dict[str, Any], schema.load(request.get_json(silent=True) or {}))
    except ValidationError as wrong:
        raise Invalid(flatten(wrong.messages)) from wrong

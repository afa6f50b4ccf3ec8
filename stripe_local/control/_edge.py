"""How control calls come in and go out: JSON both ways, refusals in the API's envelope."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, current_app, request

from stripe_local.engine import Engine
from stripe_local.errors import Json, StripeError
from stripe_local.render import rendered

bp = Blueprint("control", __name__, url_prefix="/_sandbox")
View = Callable[..., Json]


def as_json(view: View) -> Callable[..., Response]:
    """JSON in and out; nothing that a page of another site sends."""

    @wraps(view)
    def wrapped(**ids: str) -> Response:
        try:
            _refuse_foreign_pages()
            body, status = view(**ids), 200
        except StripeError as error:
            body, status = {"error": rendered(error.body)}, error.status
        return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")

    return wrapped


def _refuse_foreign_pages() -> None:
    """Browsers say where a request comes from; a body must be JSON, which a foreign page may not send unasked."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise StripeError("The control API takes no calls from pages of other sites.", status=403)
    if request.get_data() and request.mimetype != "application/json":
        raise StripeError("Send application/json", status=415)


def the_engine() -> Engine:
    engine: Engine = current_app.extensions["engine"]
    return engine


def given_json(**types: Any) -> Json:
    """The body's members, each of the given type; others are refused."""
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise StripeError("The body must be a JSON object")
    for name, value in body.items():
        if name not in types:
            raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        if not isinstance(value, types[name]) or (isinstance(value, bool) and types[name] is int):
            raise StripeError(f"Invalid {name}: {value}", param=name)
    return body

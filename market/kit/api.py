"""The edge of the JSON API: a blueprint that documents its refusals, ETags, and If-Match."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import marshmallow as ma
from flask import Response, request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser

from market.kit.errors import Refusal
from market.kit.words import N_

REFUSALS = {
    400: "The request cannot be read",
    401: "No valid API key",
    403: "Not allowed",
    404: "Not there, or not visible to you",
    409: "Not possible in the present state",
    422: "The input does not make sense; `errors` says where",
    429: "Too many requests; see Retry-After",
    503: "A part does not answer; see Retry-After",
}


OPEN_TO_ALL: list[dict[str, list[str]]] = [{}, {"bearer": []}]
"""`@bp.doc(security=OPEN_TO_ALL)`: no key is needed; with one, the asker may see more."""


IDEMPOTENCY_KEY = [
    {
        "in": "header",
        "name": "Idempotency-Key",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "description": "Yours to choose; the same key gives the first answer again and moves no money twice",
    }
]
"""`@bp.doc(parameters=IDEMPOTENCY_KEY)`: for what moves money."""


class ProblemPointerSchema(ma.Schema):
    pointer = ma.fields.String(
        required=True, metadata={"description": "JSON pointer into the body, or a query name"}
    )
    detail = ma.fields.String(required=True)


class ProblemSchema(ma.Schema):
    """RFC 9457. `type` is stable and never translated; `detail` follows Accept-Language."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    instance = ma.fields.String(required=True, metadata={"description": "the request's id"})
    errors = ma.fields.List(ma.fields.Nested(ProblemPointerSchema))


class QueryParser(FlaskParser):
    """Refuses names it does not know in queries as in bodies; webargs alone would pass over a mistyped filter."""

    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
    }  # as the schema says


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # smorest is untyped
    """A smorest blueprint under /api/v1 whose operations all document the common refusals."""

    ARGUMENTS_PARSER = QueryParser()

    def __init__(self, name: str, import_name: str, *, description: str) -> None:
        super().__init__(f"api_{name}", import_name, url_prefix="/api/v1", description=description)
        # Added to the finished text by name: a decorator per refusal copies each view's text nine times (2 s a start).
        self._prepare_doc_cbks.append(add_refusals)

    def arguments(self, schema: Any, **options: Any) -> Callable[[Any], Any]:
        """With one schema object for all calls: smorest would make one for each."""
        made = schema() if isinstance(schema, type) else schema
        add: Callable[[Any], Any] = super().arguments(made, **options)
        return add

    def route(self, rule: str, **options: Any) -> Callable[[Any], Any]:
        add: Callable[[Any], Any] = super().route(rule, tags=[self.name.removeprefix("api_")], **options)
        return add


def add_refusals(doc: dict[str, Any], doc_info: Any, *, method: str, **_context: Any) -> dict[str, Any]:
    """Name the refusals that every operation may answer with; PATCH and PUT have two more."""
    stale = (412, 428) if method.upper() in ("PATCH", "PUT") else ()
    for status in sorted((*REFUSALS, *stale)):
        doc.setdefault("responses", {}).setdefault(str(status), f"Problem{status}")
    return doc


def describe_refusals(api: Any) -> None:
    """Write the refusals into the description once, for `add_refusals` to name."""
    for status, text in {**REFUSALS, 412: "If-Match is stale", 428: "If-Match is missing"}.items():
        content = {"application/problem+json": {"schema": ProblemSchema}}
        api.spec.components.response(f"Problem{status}", {"description": text, "content": content})


class PreconditionRequired(Refusal):
    status = 428
    title = N_("需要 If-Match")
    text = N_("请带上 If-Match 头（先读取对象，用它的 ETag），以免覆盖别人的修改。")


class Stale(Refusal):
    status = 412
    title = N_("内容已被修改")
    text = N_("在您读取之后，内容已被修改。请重新读取后再改。")


def etag_of(dumped: Any) -> str:
    """The strong ETag of a representation, as the API and `require_match` compute it."""
    return hashlib.sha256(json.dumps(dumped, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def require_match(dumped: Any) -> None:
    """Let a change through only when If-Match names `dumped`, the present representation."""
    if not request.if_match:
        raise PreconditionRequired
    if not request.if_match.contains(etag_of(dumped)):
        raise Stale


def add_etag(response: Response) -> Response:
    """Give every JSON answer to GET a strong ETag, and 304 to who has it already."""
    if request.method == "GET" and response.status_code == 200 and response.mimetype == "application/json":
        response.set_etag(etag_of(response.get_json()))
        response.make_conditional(request)
    return response

"""Search over charges, customers and payment intents: `metadata['call']:'x' AND status:'succeeded'`.

Exact matches joined by AND. Stripe's search may lag behind by a minute; this one does not.
"""

import re
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.router import Handler, answers
from stripe_local.world import World

_CLAUSE = re.compile(r"""\s*(\w+)(?:\[(["'])([^"'\]]+)\2\])?\s*:\s*(["'])([^"']*)\4\s*""")
_FIELDS = {
    "charge": (
        "amount",
        "currency",
        "customer",
        "disputed",
        "payment_intent",
        "refunded",
        "status",
        "transfer_group",
    ),
    "customer": ("email", "name", "phone"),
    "payment_intent": ("amount", "currency", "customer", "status"),
}


def _clauses(kind: str, query: str) -> tuple[str, list[Any]]:
    sql, values = "", list[Any]()
    for part in re.split(r"\s+AND\s+", query):
        found = _CLAUSE.fullmatch(part)
        if found is None or (found[1] == "metadata") != bool(found[3]):
            raise StripeError(
                f"We were unable to parse your search query at {part!r}. The local Stripe takes field:'value' and "
                "metadata['key']:'value' joined by AND.",
                param="query",
            )
        if found[1] != "metadata" and found[1] not in _FIELDS[kind]:
            raise StripeError(
                f"Field `{found[1]}` is an unsupported search field for resource `{kind}s`.", param="query"
            )
        sql += " AND CAST(json_extract(body, ?) AS TEXT) = ?"
        values += [f'$.metadata."{found[3]}"' if found[3] else f"$.{found[1]}", found[5]]
    return sql, values


def _search(kind: str, url: str) -> Handler:
    def search(w: World, p: Json) -> Json:
        params = {k: v for k, v in p.items() if k == "limit"}
        if "page" in p:
            params["starting_after"] = p["page"]
        page = w.page(kind, url, params, also=_clauses(kind, p["query"]))
        following = page["data"][-1]["id"] if page["has_more"] else None
        return {**page, "object": "search_result", "next_page": following}

    return search


for _kind, _url in (
    ("charge", "/v1/charges/search"),
    ("customer", "/v1/customers/search"),
    ("payment_intent", "/v1/payment_intents/search"),
):
    answers("get", _url)(_search(_kind, _url))

"""From what is kept to what is shown: private notes off, `expand[]` on."""

from collections.abc import Callable
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.world import World

Include = Callable[[World, Json], Json]
INCLUDES: dict[tuple[str, str], Include] = {}
"""Fields that exist only when asked for: (kind, field) to the function that makes them."""


def includable(kind: str, field: str) -> Callable[[Include], Include]:
    def register(function: Include) -> Include:
        INCLUDES[kind, field] = function
        return function

    return register


def rendered(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: rendered(v) for k, v in value.items() if not k.startswith("_")}
    if isinstance(value, list):
        return [rendered(v) for v in value]
    return value


def expanded(w: World, body: Json, paths: list[str]) -> Json:
    """The answer with each path (`data.payment_intent.latest_charge`) replaced by the object it names."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > 4 + (parts[0] == "data"):
            raise StripeError(f"You cannot expand more than 4 levels of a property ({path}).", param="expand")
        _expand(w, body, parts, path)
    return body


def _expand(w: World, body: Json, parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    if (str(body.get("object")), name) in INCLUDES:
        if body.get(name) is None:
            body[name] = INCLUDES[str(body["object"]), name](w, body)
    elif name not in body:
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    value = body[name]
    if isinstance(value, str):
        found = w.anywhere(value)
        if found is None:
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
        body[name] = value = found[0]
    elif value is not None and not isinstance(value, dict | list):
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    for child in value if isinstance(value, list) else [value]:
        if rest and isinstance(child, dict):
            _expand(w, child, rest, path)

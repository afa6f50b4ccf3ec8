"""Which function answers which operation of the SDK."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.sdk import Operation, operations
from stripe_local.world import World

Handler = Callable[..., Json]
_HANDLERS: dict[tuple[str, str], Handler] = {}


@dataclass(frozen=True)
class Route:
    """A request's operation, its handler, and the ids in its path."""

    operation: Operation
    handler: Handler
    ids: dict[str, str]

    def call(self, w: World, params: Json) -> Json:
        return self.handler(w, params, **self.ids)


def answers(verb: str, template: str) -> Callable[[Handler], Handler]:
    """Register `handler(world, params, **path_ids)`; the operation must exist in the installed SDK."""
    if (verb, template) not in operations():
        raise LookupError(f"the installed stripe SDK has no operation {verb} {template}")

    def register(handler: Handler) -> Handler:
        _HANDLERS[verb, template] = handler
        return handler

    return register


def resolve(verb: str, path: str) -> Route:
    for (known_verb, template), pattern in _patterns():
        match = pattern.match(path) if known_verb == verb else None
        if match:
            handler = _HANDLERS.get((verb, template))
            if handler is None:
                raise StripeError(
                    f"The local Stripe does not do this yet ({verb.upper()}: {path}), though Stripe does.",
                    status=404,
                )
            return Route(operations()[verb, template], handler, match.groupdict())
    raise StripeError(
        f"Unrecognized request URL ({verb.upper()}: {path}). Please see https://docs.stripe.com or we can help at "
        "https://support.stripe.com/.",
        status=404,
    )


@cache
def _patterns() -> tuple[tuple[tuple[str, str], re.Pattern[str]], ...]:
    """Paths with fewer ids first: /v1/disputes/close never reads as an id."""
    ordered = sorted(operations().items(), key=lambda item: item[0][1].count("{"))
    return tuple((key, operation.pattern()) for key, operation in ordered)


def implemented() -> list[dict[str, Any]]:
    return [
        {"method": verb.upper(), "path": template} for verb, template in sorted(_HANDLERS, key=lambda k: k[1])
    ]

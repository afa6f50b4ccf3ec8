"""What several resources share: metadata and the limits of money."""

from collections.abc import Iterable, Mapping
from typing import Any

from stripe_local.errors import Json, StripeError
from stripe_local.world import World

SMALLEST = {"usd": 50, "cny": 400, "hkd": 400, "eur": 50, "gbp": 30, "sgd": 50, "jpy": 50}
"""The least that may be charged, in minor units: about half a US dollar, as at Stripe."""
LARGEST = 99_999_999


def merged_metadata(old: Mapping[str, str] | None, given: Any) -> dict[str, str]:
    """Stripe's rule: keys are added, an empty value unsets its key, an empty `metadata` unsets all."""
    if given == "":
        return {}
    together = {**(old or {}), **(given or {})}
    return {k: v for k, v in together.items() if v != ""}


def changed_fields(body: Json, params: Mapping[str, Any], names: Iterable[str]) -> None:
    """Copy the given parameters onto the object; an empty string unsets."""
    for name in names:
        if name in params:
            body[name] = None if params[name] == "" else params[name]
    if "metadata" in params:
        body["metadata"] = merged_metadata(body.get("metadata"), params["metadata"])


def require_currency(w: World, currency: str, param: str = "currency") -> str:
    known = w.rules.usd_rates
    if currency.lower() not in known:
        raise StripeError(
            f"Invalid currency: {currency}. The local Stripe knows: {', '.join(sorted(known))}", param=param
        )
    return currency.lower()


def require_positive(amount: int, param: str = "amount") -> None:
    if amount < 1:
        raise StripeError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=param
        )


def require_chargeable(amount: int, currency: str, param: str = "amount") -> None:
    require_positive(amount, param)
    least = SMALLEST.get(currency, 50)
    if amount < least:
        raise StripeError(
            f"Amount must convert to at least 50 cents: {amount} {currency} is below {least}.",
            code="amount_too_small",
            param=param,
        )
    if amount > LARGEST:
        raise StripeError(
            f"Amount must be no more than {LARGEST} {currency}.", code="amount_too_large", param=param
        )

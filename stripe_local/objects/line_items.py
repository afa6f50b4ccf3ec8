"""The line items of a Checkout Session: a price made on the spot, times a quantity."""

from decimal import ROUND_HALF_UP, Decimal

from stripe_local.errors import Json, StripeError
from stripe_local.ids import new_id
from stripe_local.objects._common import require_currency, require_positive
from stripe_local.world import World


def line_item(w: World, given: Json, at: int) -> Json:
    """One line from its parameters; `at` is its place, for the words of a refusal."""
    where = f"line_items[{at}]"
    if "price_data" not in given:
        raise StripeError(
            "The local Stripe takes line items with price_data; stored prices are not built.",
            code="parameter_missing",
            param=f"{where}[price_data]",
        )
    price = given["price_data"]
    if "product_data" not in price:
        raise StripeError(
            "Missing required param: product_data.",
            code="parameter_missing",
            param=f"{where}[price_data][product_data]",
        )
    if ("unit_amount" in price) == ("unit_amount_decimal" in price):
        raise StripeError(
            "You must specify either `unit_amount` or `unit_amount_decimal`.",
            param=f"{where}[price_data][unit_amount]",
        )
    currency = require_currency(w, price["currency"], f"{where}[price_data][currency]")
    quantity = given.get("quantity", 1)
    require_positive(quantity, f"{where}[quantity]")
    unit = Decimal(price["unit_amount_decimal"] if "unit_amount_decimal" in price else price["unit_amount"])
    if unit < 0:
        raise StripeError(
            "Invalid non-negative integer",
            code="parameter_invalid_integer",
            param=f"{where}[price_data][unit_amount]",
        )
    amount = int((unit * quantity).to_integral_value(ROUND_HALF_UP))
    product = price["product_data"]
    return {
        "id": new_id("li_1"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": product["name"],
        "metadata": given.get("metadata") or {},
        "price": {
            "id": new_id("price_1"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": w.now,
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": new_id("prod_"),
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": int(unit) if unit == int(unit) else None,
            "unit_amount_decimal": str(unit),
        },
        "quantity": quantity,
        "_details": product.get("description", ""),
    }

"""What we ask of Stripe. The SDK's types hold the pinned API version; mypy checks the names here."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

if TYPE_CHECKING:
    from stripe.params import (
        AccountCreateParams,
        DisputeUpdateParams,
        DisputeUpdateParamsEvidence,
        PaymentIntentCreateParams,
        PayoutCreateParams,
        RefundCreateParams,
        TransferCreateParams,
    )
    from stripe.params.checkout import SessionCreateParams

GROUP = "wd_"
REFUND_EXPAND = ("balance_transaction",)


def session_params(
    *, checkout_id: UUID, amount_fen: int, title: str, return_url: str, locale: str, customer: str | None
) -> "SessionCreateParams":
    """A hosted payment page for card, Alipay and WeChat Pay. `payment_method_types` is refused since endive.

    For a known customer the page offers to keep the card, and his tick there is the consent to use it again.
    """
    ours = {"checkout": str(checkout_id)}
    known: SessionCreateParams = (
        {"customer": customer, "saved_payment_method_options": {"payment_method_save": "enabled"}}
        if customer
        else {}
    )
    return {
        **known,
        "mode": "payment",
        "client_reference_id": str(checkout_id),
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "cny",
                    "unit_amount": amount_fen,
                    "product_data": {"name": title},
                },
            }
        ],
        "allowed_payment_method_types": ["card", "alipay", "wechat_pay"],
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "payment_intent_data": {
            "metadata": ours,
            "description": title,
            "transfer_group": f"chk_{checkout_id}",
        },
        "metadata": ours,
        "success_url": return_url,
        "cancel_url": return_url,
        "locale": "en" if locale == "en" else "zh",
    }


def intent_params(
    *, checkout_id: UUID, amount_fen: int, title: str, return_url: str, customer: str, method: str
) -> "PaymentIntentCreateParams":
    """A payment with a saved card while its holder looks on: the bank may ask him, on a page of its own."""
    return {
        "amount": amount_fen,
        "currency": "cny",
        "customer": customer,
        "payment_method": method,
        "confirm": True,
        "allowed_payment_method_types": ["card"],
        "return_url": return_url,
        "description": title,
        "transfer_group": f"chk_{checkout_id}",
        "metadata": {"checkout": str(checkout_id)},
    }


def account_params(*, party_id: UUID, country: str) -> "AccountCreateParams":
    """Payouts only when the payee asks: the schedule is ours, so Stripe's is manual."""
    return {
        "type": "express",
        "country": country,
        "capabilities": {"transfers": {"requested": True}},
        "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        "metadata": {"party": str(party_id)},
    }


def transfer_params(*, withdrawal_id: UUID, amount_fen: int, account: str) -> "TransferCreateParams":
    return {
        "amount": amount_fen,
        "currency": "cny",
        "destination": account,
        "transfer_group": GROUP + str(withdrawal_id),
        "metadata": {"withdrawal": str(withdrawal_id)},
    }


def refund_params(*, refund_id: UUID, charge: str, amount_fen: int) -> "RefundCreateParams":
    return {
        "charge": charge,
        "amount": amount_fen,
        "metadata": {"refund": str(refund_id)},
        "expand": [*REFUND_EXPAND],
    }


def payout_params(*, withdrawal_id: UUID, amount_fen: int) -> "PayoutCreateParams":
    return {"amount": amount_fen, "currency": "cny", "metadata": {"withdrawal": str(withdrawal_id)}}


def evidence_params(
    *, chargeback_id: UUID, title: str, words: str, files: dict[str, str]
) -> "DisputeUpdateParams":
    """Everything at once, and submitted: a bank reads one answer."""
    evidence = {"product_description": title, **files} | ({"uncategorized_text": words} if words else {})
    return {
        "evidence": cast("DisputeUpdateParamsEvidence", evidence),
        "submit": True,
        "metadata": {"chargeback": str(chargeback_id)},
    }

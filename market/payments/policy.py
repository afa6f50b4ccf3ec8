"""Who may do what with money in and out."""

from market.accounts.actor import Actor, Right, Role
from market.payments.models import Checkout


def has_income(actor: Actor) -> bool:
    """Creators and agencies are paid; the right says which of their members sees it."""
    return actor.role in (Role.CREATOR, Role.AGENCY) and actor.may(Right.CASH)


def has_wallet(actor: Actor) -> bool:
    """Merchants have one; the right says which of their members spends from it."""
    return actor.role is Role.MERCHANT and actor.may(Right.PAY)


def may_pay(actor: Actor, checkout: Checkout) -> bool:
    return actor.is_party(checkout.payer_id) and actor.may(Right.PAY)


def may_submit_evidence(actor: Actor) -> bool:
    """The platform answers the bank; both sides' material goes in."""
    return actor.is_operator and actor.may(Right.RECONCILE)


def may_recover(actor: Actor) -> bool:
    """Ask for a write-off or a reversal; a second operator agrees."""
    return actor.is_operator and actor.may(Right.RECONCILE) and actor.person_id is not None

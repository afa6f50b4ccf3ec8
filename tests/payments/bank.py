"""What the payer's bank does in a scene."""

from typing import Any
from uuid import UUID

from flask import Flask

from market.kit.db import db
from market.payments.chargebacks import Chargeback
from market.payments.models import Checkout
from tests.sandbox import Sandbox


def charge_of(app: Flask, order_id: UUID) -> str:
    with app.app_context():
        return str(db.session.query(Checkout).filter_by(subject_id=order_id).one().charge_id)


def dispute(
    app: Flask, sandbox: Sandbox, order_id: UUID, *, settle: bool = True, reason: str = "fraudulent"
) -> str:
    """The bank takes the payment of this order back; Stripe's id of the dispute."""
    opened = sandbox.control("disputes", charge=charge_of(app, order_id), reason=reason)
    if settle:
        sandbox.settle()
    return str(opened["id"])


def decide(sandbox: Sandbox, dispute_id: str, outcome: str, *, settle: bool = True) -> None:
    sandbox.control(f"disputes/{dispute_id}", outcome=outcome)
    if settle:
        sandbox.settle()


def chargeback(app: Flask, dispute_id: str) -> Any:
    with app.app_context():
        return db.session.query(Chargeback).filter_by(dispute_id=dispute_id).one()

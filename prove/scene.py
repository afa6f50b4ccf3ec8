"""Orders that are paid at the local Stripe, for proofs that need both: the players and acts of the tests."""

import os
import sys
from datetime import timedelta

import structlog
from flask import Flask

from market.accounts import service
from market.accounts.actor import Role
from market.accounts.models import Verification
from market.kit import clock
from market.kit.db import db, transaction
from market.kit.limits import limiter
from prove.ground import Broken
from tests import tables
from tests.conftest import Client, Player
from tests.sandbox import SECRET, Sandbox


def stripe_of(app: Flask) -> Sandbox:
    """The local Stripe, its events carried by hand. Raises Broken when there is none."""
    if "STRIPE_API_BASE" not in os.environ:
        raise Broken("no STRIPE_API_BASE: this proof plays against a local Stripe")
    os.environ["STRIPE_WEBHOOK_SECRET"] = SECRET
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # its alarms are no result
    app.testing, app.test_client_class = True, Client
    return Sandbox(os.environ["STRIPE_API_BASE"].rstrip("/"), app)


def fresh(app: Flask, sandbox: Sandbox) -> tuple[Player, Player]:
    """A world without a past: Mei, a merchant, and Lin, a creator, and nobody else."""
    sandbox.reset()
    clock.shift(timedelta())
    players = []
    with app.app_context():
        tables.empty()
        limiter.reset()
        for name, role in (("mei", Role.MERCHANT), ("lin", Role.CREATOR)):
            email = f"{name}@example.com"
            with transaction():
                made = service.sign_up(email=email, password="correct horse", name=name, role=role)
                made.party.verification = Verification.VERIFIED
                _key, secret = service.make_key(made.person_id, made.party_id, label="tests")
            players.append(Player(app, name, email, made.person_id, made.party_id, secret))
        db.session.remove()
    return players[0], players[1]

"""The way to Stripe's onboarding pages; its own module because it talks to Stripe between two transactions."""

from typing import cast
from uuid import UUID

from market.accounts.actor import Actor
from market.kit.db import db, transaction
from market.payments import connect, gateway, outbox
from market.payments.errors import StripeAway, StripeRefused
from market.payments.models import ConnectAccount, StripeCall
from market.payments.states import CallState


def link(actor: Actor, return_url: str) -> str:
    """Make the account if there is none, then a fresh link. Raises StripeAway, StripeRefused."""
    with transaction():
        account, call_id = connect.begin(cast(UUID, actor.party_id), by=actor)
        account_row = account.id
    if call_id is not None:
        outbox.send(call_id)
    stripe_id, state, error = _outcome(account_row, call_id)
    if stripe_id is None:
        raise StripeRefused(error.partition(":")[0]) if state is CallState.REFUSED else StripeAway
    separator = "&" if "?" in return_url else "?"
    return gateway.onboarding_link(
        stripe_id,
        return_url=f"{return_url}{separator}onboarded=1",
        refresh_url=f"{return_url}{separator}onboarding=again",
    )


def _outcome(account_row: UUID, call_id: UUID | None) -> tuple[str | None, CallState | None, str]:
    account = db.session.get(ConnectAccount, account_row, populate_existing=True)
    call = db.session.get(StripeCall, call_id, populate_existing=True) if call_id else None
    return account.stripe_id if account else None, call.state if call else None, call.error if call else ""

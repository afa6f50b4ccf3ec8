"""Payees' accounts at Stripe: made once, filled in on Stripe's pages, followed by events."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.queries import find_party
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.payments import calls
from market.payments.config import read
from market.payments.errors import StripeRefused
from market.payments.models import ConnectAccount
from market.payments.params import account_params
from market.payments.states import CallState
from market.payments.views import AccountView, Json, account_view


def of(party_id: UUID, *, lock: bool = False) -> ConnectAccount | None:
    """The payee's account, freshly read."""
    rows = select(ConnectAccount).where(ConnectAccount.party_id == party_id)
    return db.session.scalar(
        (rows.with_for_update() if lock else rows).execution_options(populate_existing=True)
    )


def of_stripe(stripe_id: str) -> UUID | None:
    """Whose account at Stripe this is; None when it is no payee's of ours."""
    return db.session.scalar(select(ConnectAccount.party_id).where(ConnectAccount.stripe_id == stripe_id))


def begin(party_id: UUID, *, by: Actor) -> tuple[ConnectAccount, UUID | None]:
    """The payee's account, and the call to send after the commit when Stripe does not know it yet."""
    db.session.execute(
        insert(ConnectAccount)
        .values(
            party_id=party_id,
            details_submitted=False,
            payouts_enabled=False,
            requirements=[],
            disabled_reason="",
            bank="",
        )
        .on_conflict_do_nothing(index_elements=["party_id"])
    )
    account = of(party_id, lock=True)
    assert account is not None
    if account.stripe_id:
        return account, None
    last = calls.last_of("account", account.id)
    params = account_params(party_id=party_id, country=read().country)
    refused_before = last is not None and last.state is CallState.REFUSED
    return account, calls.put("account", account.id, params, again=refused_before)


def made(account_id: UUID, body: Json) -> None:
    account = db.session.get(ConnectAccount, account_id, with_for_update=True, populate_existing=True)
    assert account is not None
    account.stripe_id = account.stripe_id or body["id"]
    _describe(account, account_view(body))


def refused(account_id: UUID, refusal: StripeRefused) -> None:
    """Nothing was made; the payee sees it and may try again (`begin` then takes a new key)."""


def apply(view: AccountView) -> None:
    """Bring our picture to what Stripe says."""
    account = db.session.scalars(
        select(ConnectAccount)
        .where(ConnectAccount.stripe_id == view.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if account is not None:
        _describe(account, view)


def income_page(party_id: UUID) -> str:
    """Where this payee reads about money: the address says whose hat it is."""
    return "/a/income" if find_party(party_id).role is Role.AGENCY else "/u/income"


def _describe(account: ConnectAccount, view: AccountView) -> None:
    was = account.payouts_enabled
    account.details_submitted, account.payouts_enabled = view.details_submitted, view.payouts_enabled
    account.requirements, account.disabled_reason = list(view.requirements), view.disabled_reason
    account.bank, account.looked_at = view.bank, now()
    if was != view.payouts_enabled:
        name = "connect.enabled" if view.payouts_enabled else "connect.disabled"
        record(
            name,
            account.party_id,
            by=SYSTEM,
            audience=[account.party_id],
            reason=view.disabled_reason,
            url=income_page(account.party_id),
        )

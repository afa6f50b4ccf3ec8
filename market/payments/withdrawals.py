"""Money out: available → a transfer to the payee's Stripe account → a payout to the bank, or all the way back."""

from uuid import UUID

from sqlalchemy import select

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.pages import format_fen
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import calls, connect, earnings, holds
from market.payments.alarms import alarm
from market.payments.errors import (
    BelowMinimum,
    HeldBack,
    KeyOfAnother,
    NotEnough,
    NotOnboarded,
    StripeRefused,
)
from market.payments.models import Withdrawal
from market.payments.params import payout_params, transfer_params
from market.payments.states import WithdrawalState
from market.payments.views import Json, PayoutView, payout_view

K = AccountKind
W = WithdrawalState


def withdraw(*, party_id: UUID, amount_fen: int, by: Actor, key: str) -> Withdrawal:
    """Take available money out, PA→PT, and ask Stripe to move it: both or neither.

    Raises NotOnboarded, PayoutsPaused, BelowMinimum, HeldBack, NotEnough, KeyOfAnother.
    """
    account = connect.of(party_id, lock=True)
    before = db.session.scalar(
        select(Withdrawal).where(Withdrawal.party_id == party_id, Withdrawal.key == key)
    )
    if before is not None:
        if before.amount_fen != amount_fen:
            raise KeyOfAnother
        return before
    if account is None or account.stripe_id is None or not account.payouts_enabled:
        raise NotOnboarded
    holds.require_open()
    if amount_fen < figures.min_withdrawal_fen:
        raise BelowMinimum(field="amount_fen", least=format_fen(figures.min_withdrawal_fen))
    # Withdrawals of one payee stand in line at the account's row, so the figure holds until we post.
    available = Account(K.PAYEE_AVAILABLE, party_id)
    if amount_fen > (most := earnings.withdrawable(party_id)):
        if amount_fen <= books.balance(available):
            raise HeldBack(field="amount_fen", most=format_fen(most))
        raise NotEnough(field="amount_fen", most=format_fen(most))
    made = Withdrawal(
        party_id=party_id,
        amount_fen=amount_fen,
        key=key,
        account=account.stripe_id,
        requested_by=by.person_id,
    )
    db.session.add(made)
    db.session.flush()
    ledger.post(
        PostingKind.WITHDRAW,
        f"wd:{made.id}",
        [Leg(available, Account(K.PAYOUT_IN_TRANSIT, made.id), amount_fen)],
        source=("withdrawal", made.id),
        by=by,
    )
    calls.put(
        "transfer",
        made.id,
        transfer_params(withdrawal_id=made.id, amount_fen=amount_fen, account=account.stripe_id),
    )
    _tell("payout.requested", made, by=by)
    return made


def find(withdrawal_id: UUID, *, lock: bool = False) -> Withdrawal:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    found = db.session.get(Withdrawal, withdrawal_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


# Answers of Stripe to our calls, each in the transaction of the call's row.


def transferred(withdrawal_id: UUID, body: Json) -> None:
    """PT→SC: the money has left our balance; now to the bank."""
    found = find(withdrawal_id, lock=True)
    found.transferred(body["id"])
    ledger.post(
        PostingKind.TRANSFER,
        f"tr:{body['id']}",
        [Leg(Account(K.PAYOUT_IN_TRANSIT, found.id), Account(K.STRIPE_CLEARING), found.amount_fen)],
        source=("withdrawal", found.id),
        by=SYSTEM,
        external_ref=body["id"],
    )
    calls.put(
        "payout",
        found.id,
        payout_params(withdrawal_id=found.id, amount_fen=found.amount_fen),
        account=found.account,
    )


def transfer_refused(withdrawal_id: UUID, refusal: StripeRefused) -> None:
    """PT→PA: nothing left us, the payee has it back."""
    found = find(withdrawal_id, lock=True)
    found.fail(refusal.code)
    ledger.post(
        PostingKind.WITHDRAW_FAILED,
        f"wd-fail:{found.id}",
        [
            Leg(
                Account(K.PAYOUT_IN_TRANSIT, found.id),
                Account(K.PAYEE_AVAILABLE, found.party_id),
                found.amount_fen,
            )
        ],
        source=("withdrawal", found.id),
        by=SYSTEM,
    )
    _tell("payout.failed", found, by=SYSTEM, reason=found.failure)
    if refusal.code == "balance_insufficient":
        alarm("platform_balance_short", found.id, amount_fen=found.amount_fen)


def payout_made(withdrawal_id: UUID, body: Json) -> None:
    found = find(withdrawal_id, lock=True)
    found.looked_at = now()
    _follow(found, payout_view(body))


def payout_refused(withdrawal_id: UUID, refusal: StripeRefused) -> None:
    """The money is in the payee's Stripe account and cannot go on: take it back."""
    _take_back(find(withdrawal_id, lock=True), refusal.code)


def reversed_(withdrawal_id: UUID, body: Json) -> None:
    """SC→PT, PT→PA: back where it came from, with the reason."""
    found = find(withdrawal_id, lock=True)
    found.fail("payout_failed")
    transit = Account(K.PAYOUT_IN_TRANSIT, found.id)
    ledger.post(
        PostingKind.PAYOUT_FAILED,
        f"po-fail:{found.payout_id or found.id}",
        [
            Leg(Account(K.STRIPE_CLEARING), transit, found.amount_fen),
            Leg(transit, Account(K.PAYEE_AVAILABLE, found.party_id), found.amount_fen),
        ],
        source=("withdrawal", found.id),
        by=SYSTEM,
        external_ref=body["id"],
    )
    _tell("payout.failed", found, by=SYSTEM, reason=found.failure)


def reversal_refused(withdrawal_id: UUID, refusal: StripeRefused) -> None:
    """The money is stuck in the payee's Stripe account: a person must sort it out."""
    alarm("reversal_refused", withdrawal_id, code=refusal.code, message=refusal.message)


def apply(view: PayoutView) -> None:
    """Bring the withdrawal to what the payout says; in a transaction, as often as you like."""
    found = db.session.scalar(select(Withdrawal.id).where(Withdrawal.payout_id == view.id))
    if found is None:
        try:
            found = db.session.scalar(select(Withdrawal.id).where(Withdrawal.id == UUID(view.withdrawal)))
        except ValueError:
            return
    if found is not None:
        _follow(find(found, lock=True), view)


def _follow(found: Withdrawal, view: PayoutView) -> None:
    if found.payout_id not in (None, view.id):
        return
    found.payout_id, found.arrives_at, found.looked_at = view.id, view.arrives_at, now()
    if view.status == "paid" and found.state is W.TRANSFERRED:
        found.paid()
        _tell("payout.paid", found, by=SYSTEM)
    elif view.status in ("failed", "canceled") and found.state in (W.TRANSFERRED, W.PAID):
        _take_back(found, view.failure or view.status)


def _take_back(found: Withdrawal, reason: str) -> None:
    found.failure = reason
    calls.put(
        "reversal", found.id, {"metadata": {"withdrawal": str(found.id)}}, target=str(found.transfer_id)
    )


def _tell(name: str, found: Withdrawal, *, by: Actor, **data: str) -> None:
    record(
        name,
        found.id,
        by=by,
        audience=[found.party_id],
        amount_fen=found.amount_fen,
        url=connect.income_page(found.party_id),
        **data,
    )

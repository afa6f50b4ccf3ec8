"""Money out: available → a transfer to the payee's Stripe account → a payout to the bank, or all the way back."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.pages import format_fen
from market.kit.work import WorkItem, WorkState, cancel_timers, set_timer
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
    NothingToDecide,
    StripeRefused,
)
from market.payments.models import Withdrawal
from market.payments.params import payout_params, transfer_params
from market.payments.states import CallState, WithdrawalState
from market.payments.views import Json, PayoutView, payout_view

K = AccountKind
W = WithdrawalState
TAKE_BACK = "payments.take_back"


def withdraw(*, party_id: UUID, amount_fen: int, by: Actor, key: str) -> Withdrawal:
    """Take available money out, PA→PT, and ask Stripe to move it: both or neither.

    The fee of the figures stays with the platform, PA→FEE. Raises NotOnboarded, AccountRestricted, PayoutHeld,
    PayoutsPaused, BelowMinimum, HeldBack, NotEnough, KeyOfAnother.
    """
    account = connect.of(party_id, lock=True)
    before = db.session.scalar(
        select(Withdrawal).where(Withdrawal.party_id == party_id, Withdrawal.key == key)
    )
    if before is not None:
        if before.amount_fen != amount_fen:
            raise KeyOfAnother
        return before
    account = connect.require_payable(account)
    holds.require_open()
    least = max(figures.min_withdrawal_fen, figures.payout_fee_fen + 1)
    if amount_fen < least:
        raise BelowMinimum(field="amount_fen", least=format_fen(least))
    # Withdrawals of one payee stand in line at the account's row, so the figure holds until we post.
    available = Account(K.PAYEE_AVAILABLE, party_id)
    if amount_fen > (most := earnings.withdrawable(party_id)):
        if amount_fen <= books.balance(available):
            raise HeldBack(field="amount_fen", most=format_fen(most))
        raise NotEnough(field="amount_fen", most=format_fen(most))
    made = Withdrawal(
        party_id=party_id,
        amount_fen=amount_fen,
        fee_fen=figures.payout_fee_fen,
        key=key,
        account=account.stripe_id or "",
        requested_by=by.person_id,
    )
    db.session.add(made)
    db.session.flush()
    ledger.post(
        PostingKind.WITHDRAW,
        f"wd:{made.id}",
        [
            Leg(available, Account(K.PAYOUT_IN_TRANSIT, made.id), made.net_fen),
            Leg(available, Account(K.FEE_REVENUE), made.fee_fen),
        ],
        source=("withdrawal", made.id),
        by=by,
    )
    calls.put(
        "transfer",
        made.id,
        transfer_params(withdrawal_id=made.id, amount_fen=made.net_fen, account=made.account),
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
        [Leg(Account(K.PAYOUT_IN_TRANSIT, found.id), Account(K.STRIPE_CLEARING), found.net_fen)],
        source=("withdrawal", found.id),
        by=SYSTEM,
        external_ref=body["id"],
    )
    _ask_payout(found)


def _ask_payout(found: Withdrawal, *, again: bool = False) -> UUID:
    return calls.put(
        "payout",
        found.id,
        payout_params(withdrawal_id=found.id, amount_fen=found.net_fen),
        account=found.account,
        again=again,
    )


def transfer_refused(withdrawal_id: UUID, refusal: StripeRefused) -> None:
    """PT→PA: nothing left us, the payee has it back."""
    found = find(withdrawal_id, lock=True)
    found.fail(refusal.code)
    payee = Account(K.PAYEE_AVAILABLE, found.party_id)
    ledger.post(
        PostingKind.WITHDRAW_FAILED,
        f"wd-fail:{found.id}",
        [
            Leg(Account(K.PAYOUT_IN_TRANSIT, found.id), payee, found.net_fen),
            Leg(Account(K.FEE_REVENUE), payee, found.fee_fen),
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
    """The money is in the payee's Stripe account and cannot go on."""
    _bounce(find(withdrawal_id, lock=True), refusal.code)


def _bounce(found: Withdrawal, reason: str) -> None:
    """The payee is told what to do: put the bank account right and try again, or take it back. Without his word it
    comes back by itself."""
    found.bounce(reason)
    set_timer(
        TAKE_BACK,
        found.id,
        now() + timedelta(hours=figures.bounced_payout_h),
        key=f"{TAKE_BACK}:{found.id}:{len(found.bounced_payouts)}:{reason}",
    )
    _tell("payout.bounced", found, by=SYSTEM, reason=reason)


def back_at(found: Withdrawal) -> datetime | None:
    """When what the bank returned comes back by itself."""
    return db.session.scalar(
        select(func.min(WorkItem.due_at)).where(
            WorkItem.handler == TAKE_BACK,
            WorkItem.subject_id == found.id,
            WorkItem.state == WorkState.WAITING,
        )
    )


def retry(found: Withdrawal, *, by: Actor) -> UUID:
    """Send the (locked) withdrawal to the bank again; returns the call, to send after the commit.

    Raises NothingToDecide, and what an account that cannot be paid refuses.
    """
    if found.state is not W.BOUNCED or _is_coming_back(found):
        raise NothingToDecide
    connect.require_payable(connect.of(found.party_id))
    found.try_again()
    cancel_timers(found.id, TAKE_BACK)
    record("payout.retried", found.id, by=by)
    return _ask_payout(found, again=True)


def take_back(found: Withdrawal, *, by: Actor) -> UUID:
    """Have the (locked) withdrawal's money out of the payee's Stripe account again; returns the call.

    Raises NothingToDecide.
    """
    if found.state is not W.BOUNCED or _is_coming_back(found):
        raise NothingToDecide
    cancel_timers(found.id, TAKE_BACK)
    record("payout.taken_back", found.id, by=by)
    return calls.put(
        "reversal",
        found.id,
        {"metadata": {"withdrawal": str(found.id)}},
        target=str(found.transfer_id),
        again=True,
    )


def _is_coming_back(found: Withdrawal) -> bool:
    """Stripe was asked to reverse the transfer, and has not said no."""
    asked = calls.last_of("reversal", found.id)
    return asked is not None and asked.state is not CallState.REFUSED


def take_back_when_due(withdrawal_id: UUID, data: dict[str, Any]) -> None:
    """The timer: the payee said nothing. Safe to run twice."""
    found = find(withdrawal_id, lock=True)
    if found.state is W.BOUNCED and not _is_coming_back(found):
        take_back(found, by=SYSTEM)


def reversed_(withdrawal_id: UUID, body: Json) -> None:
    """SC→PT, PT→PA: back where it came from, with the reason; his debts, if he has any, are paid first.

    Of a transfer of which a part was taken back before, for a debt, the rest comes.
    """
    found = find(withdrawal_id, lock=True)
    found.fail(found.failure or "payout_failed")
    transit, payee = Account(K.PAYOUT_IN_TRANSIT, found.id), Account(K.PAYEE_AVAILABLE, found.party_id)
    fen = int(body["amount"])
    last = found.bounced_payouts[-1] if found.bounced_payouts else found.id
    ledger.post(
        PostingKind.PAYOUT_FAILED,
        f"po-fail:{last}",
        [
            Leg(Account(K.STRIPE_CLEARING), transit, fen),
            Leg(transit, payee, fen),
            Leg(Account(K.FEE_REVENUE), payee, found.fee_fen),
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
    if found.payout_id not in (None, view.id) or view.id in found.bounced_payouts:
        return
    if found.state not in (W.TRANSFERRED, W.PAID):
        return
    found.payout_id, found.arrives_at, found.looked_at = view.id, view.arrives_at, now()
    if view.status == "paid" and found.state is W.TRANSFERRED:
        found.paid()
        _tell("payout.paid", found, by=SYSTEM)
    elif view.status in ("failed", "canceled") and found.state in (W.TRANSFERRED, W.PAID):
        _bounce(found, view.failure or view.status)


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

"""Payouts by themselves: a payee chooses weekly or monthly, and a timer row takes out what is there by then."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.events import record
from market.kit.figures import figures
from market.kit.work import cancel_timers, set_timer
from market.payments import connect, earnings, withdrawals
from market.payments.errors import AccountRestricted, NotOnboarded, PayoutHeld, PayoutsPaused
from market.payments.models import ConnectAccount
from market.payments.states import PayoutRhythm

PAY_OUT = "payments.pay_out"
ZONE = ZoneInfo("Asia/Shanghai")
HOUR = time(10)
"""In the morning of a working day somebody answers when a bank calls."""


def next_of(rhythm: PayoutRhythm, after: datetime) -> datetime | None:
    """The next moment this rhythm pays out, strictly after `after`; None for manual."""
    day = after.astimezone(ZONE).date()
    while rhythm is not PayoutRhythm.MANUAL:
        due = datetime.combine(day, HOUR, ZONE)
        fits = day.weekday() == 0 if rhythm is PayoutRhythm.WEEKLY else day.day == 1
        if fits and due > after:
            return due
        day += timedelta(days=1)
    return None


def choose(party_id: UUID, rhythm: PayoutRhythm, *, by: Actor) -> ConnectAccount:
    """From now on so. Raises NotOnboarded."""
    account = connect.of(party_id, lock=True)
    if account is None or account.stripe_id is None:
        raise NotOnboarded
    if account.rhythm is not rhythm:
        account.rhythm = rhythm
        cancel_timers(party_id, PAY_OUT)
        _set_next(account)
        record("connect.rhythm_chosen", party_id, by=by, rhythm=rhythm.value)
    return account


def _set_next(account: ConnectAccount, at: datetime | None = None) -> None:
    account.next_payout_at = at or next_of(account.rhythm, now())
    if account.next_payout_at:
        key = f"{PAY_OUT}:{account.party_id}:{account.next_payout_at.isoformat()}"
        set_timer(PAY_OUT, account.party_id, account.next_payout_at, key=key)


def pay_out(party_id: UUID, data: dict[str, Any]) -> None:
    """The timer: what may be taken out goes out, and the next one is set. Late after an outage is as good."""
    account = connect.of(party_id, lock=True)
    if account is None or account.next_payout_at is None or account.next_payout_at > now():
        return
    due = account.next_payout_at
    fen = earnings.withdrawable(party_id)
    if fen >= max(figures.min_withdrawal_fen, figures.payout_fee_fen + 1):
        try:
            key = f"{PAY_OUT}:{due.isoformat()}"
            withdrawals.withdraw(party_id=party_id, amount_fen=fen, by=SYSTEM, key=key)
        except PayoutHeld:
            _set_next(account, account.held_until)
            return
        except PayoutsPaused:
            _set_next(account, now() + timedelta(hours=1))
            return
        except (NotOnboarded, AccountRestricted) as refusal:
            record(
                "payout.skipped",
                party_id,
                by=SYSTEM,
                audience=[party_id],
                amount_fen=fen,
                reason=refusal.slug(),
                url=connect.income_page(party_id),
            )
    _set_next(account)

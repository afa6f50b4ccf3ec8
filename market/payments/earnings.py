"""What payees have earned: released money cools down, then becomes available."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from market.accounts.actor import SYSTEM
from market.kit import wire
from market.kit.clock import now
from market.kit.db import db
from market.kit.work import TooEarly, set_timer
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import debts
from market.payments.models import Earning, Withdrawal
from market.payments.states import WithdrawalState

K = AccountKind
MATURE = "payments.mature"
COOLING_ENDS = K.PAYEE_PENDING, K.PAYEE_AVAILABLE
UNDER_WAY = (WithdrawalState.REQUESTED, WithdrawalState.TRANSFERRED, WithdrawalState.BOUNCED)


def earn(
    parts: Mapping[UUID, int],
    *,
    source_id: UUID,
    subject_id: UUID,
    number: str,
    title: str,
    stage: str,
    cooling_h: int,
    part: int = 0,
) -> None:
    """Note each payee's part (fen) of a release that is posted to PP, and when it becomes available.

    `part` tells several releases of one source apart.
    """
    if not any(parts.values()):
        return
    released_at = now()
    matures_at = released_at + timedelta(hours=cooling_h)
    rows = [
        [party_id, source_id, part, subject_id, number, title, stage, fen, released_at, matures_at]
        for party_id, fen in parts.items()
        if fen
    ]
    values = [value for row in rows for value in row]
    wire.write("earnings", EARN, values, row=", ".join([EARNED] * len(rows)), tail=ONCE)
    set_timer(MATURE, source_id, matures_at, key=f"{MATURE}:{source_id}:{part}", part=part)


EARN = """INSERT INTO earnings (party_id, source_id, part, subject_id, number, title, stage, amount_fen,
    released_at, matures_at, taken_fen) VALUES """
EARNED = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0)"
ONCE = " ON CONFLICT (source_id, party_id, part) DO NOTHING"


def mature(source_id: UUID, data: dict[str, Any]) -> None:
    """The timer of a release: cooling is over, PP→PA of what was not taken back, to each payee. Safe to run twice, and
    late. Raises TooEarly.
    """
    if "part" not in data:  # set before 20261128, or by a web that still runs that code: on one earning
        old = db.session.get(Earning, source_id)
        if old is None:
            return
        source_id, data = old.source_id, {"part": old.part}
    cooling = [
        earning
        for earning in cooling_of(source_id)
        if earning.part == data["part"] and earning.frozen_at is None  # `thaw` sets the timer again
    ]
    if cooling and (last := max(earning.matures_at for earning in cooling)) > now():
        raise TooEarly(last)
    if len(cooling) > 1:
        ledger.lock(Account(kind, earning.party_id) for earning in cooling for kind in COOLING_ENDS)
    for earning in cooling:
        earning.matured_at = now()
        if earning.net_fen:
            key = f"mature:{source_id}:{earning.party_id}"
            pending, available = (Account(kind, earning.party_id) for kind in COOLING_ENDS)
            ledger.post(
                PostingKind.MATURE,
                f"{key}:{earning.part}" if earning.part else key,
                [Leg(pending, available, earning.net_fen)],
                source=("milestone", source_id),
                by=SYSTEM,
            )


def cooling_of_order(subject_id: UUID) -> Sequence[Earning]:
    """What of this order is still cooling, locked, latest first."""
    return db.session.scalars(
        select(Earning)
        .where(Earning.subject_id == subject_id, Earning.matured_at.is_(None))
        .order_by(Earning.id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def matured_of_order(subject_id: UUID) -> dict[UUID, int]:
    """What of this order has matured, by payee."""
    rows = (
        select(Earning.party_id, func.sum(Earning.amount_fen - Earning.taken_fen))
        .where(Earning.subject_id == subject_id, Earning.matured_at.is_not(None))
        .group_by(Earning.party_id)
    )
    return {party: int(fen) for party, fen in db.session.execute(rows)}


def give_back(earning_id: UUID, fen: int) -> None:
    """What was taken of a cooling earning goes on cooling: EH→PP is the caller's, in the same transaction."""
    earning = db.session.get(Earning, earning_id, with_for_update=True, populate_existing=True)
    if earning is None or earning.matured_at is not None:
        raise ValueError(f"{earning_id}: nothing cools that could take {fen} fen back")
    earning.taken_fen -= fen


def cooling_of(source_id: UUID, *, lock: bool = True) -> Sequence[Earning]:
    """What of this milestone is still cooling; locked, so that until the transaction ends it cannot mature."""
    rows = (
        select(Earning)
        .where(Earning.source_id == source_id, Earning.matured_at.is_(None))
        .order_by(Earning.id)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(rows.with_for_update() if lock else rows).all()


def take_back(source_id: UUID, party_id: UUID, fen: int) -> int:
    """Up to `fen` of what the payee has cooling of this milestone, latest first, will not mature; returns how much.

    Whoever moves money out of PP calls this in the same transaction, so that the timers mature what is there.
    """
    taken = 0
    for earning in reversed([e for e in cooling_of(source_id) if e.party_id == party_id]):
        part = min(fen - taken, earning.net_fen)
        earning.taken_fen += part
        taken += part
    return taken


def take_matured(source_id: UUID, party_id: UUID, fen: int) -> None:
    """Note that the payee gave up `fen` of what has matured of this milestone, latest first. Raises ValueError if it
    is more than that."""
    matured = db.session.scalars(
        select(Earning)
        .where(Earning.source_id == source_id, Earning.party_id == party_id, Earning.matured_at.is_not(None))
        .order_by(Earning.id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for earning in matured:
        part = min(fen, earning.net_fen)
        earning.taken_fen += part
        fen -= part
    if fen:
        raise ValueError(f"{source_id}: {fen} fen more than {party_id} earned by it")


def freeze(subject_id: UUID) -> None:
    """What was earned by this (locked) order stands still: it does not mature, and may not be withdrawn."""
    db.session.execute(update(Earning).where(Earning.subject_id == subject_id).values(frozen_at=now()))


def thaw(subject_id: UUID) -> None:
    """It goes on; what should have matured meanwhile does at once."""
    thawed = (
        update(Earning)
        .where(Earning.subject_id == subject_id, Earning.frozen_at.is_not(None))
        .values(frozen_at=None)
        .returning(Earning.source_id, Earning.part, Earning.matures_at, Earning.matured_at)
    )
    cooling = {row[:3] for row in db.session.execute(thawed) if row[3] is None}
    for source_id, part, matures_at in cooling:
        key = f"{MATURE}:{source_id}:{part}:thawed:{now().isoformat()}"
        set_timer(MATURE, source_id, matures_at, key=key, part=part)


def frozen_fen(party_id: UUID) -> int:
    """Of what has matured, the part whose orders are frozen: it stays where it is."""
    rows = select(func.sum(Earning.amount_fen - Earning.taken_fen)).where(
        Earning.party_id == party_id, Earning.frozen_at.is_not(None), Earning.matured_at.is_not(None)
    )
    return int(db.session.scalar(rows) or 0)


def withdrawable(party_id: UUID) -> int:
    """What may be taken out now: the available money without what frozen orders hold back."""
    return max(0, books.balance(Account(K.PAYEE_AVAILABLE, party_id)) - frozen_fen(party_id))


def held_fen(party_id: UUID) -> int:
    """What of this payee's earnings is set aside for chargebacks now."""
    rows = text("""
        SELECT coalesce(sum(fen - returned_fen - lost_fen), 0) FROM chargeback_holds
        WHERE owner_id = :party AND account IN ('PP', 'PA')""")
    return int(db.session.scalar(rows, {"party": party_id}) or 0)


@dataclass(frozen=True)
class Income:
    """A payee's money, by where it is; pending and available are the ledger's own figures, available without what is
    frozen."""

    available_fen: int
    pending_fen: int
    frozen_fen: int
    held_fen: int
    """Set aside for chargebacks, until the banks have decided."""
    owed_fen: int
    under_way_fen: int
    paid_fen: int
    next_at: datetime | None
    next_fen: int


def income(party_id: UUID) -> Income:
    available, pending = Account(K.PAYEE_AVAILABLE, party_id), Account(K.PAYEE_PENDING, party_id)
    balances = books.balances([available, pending])
    rows = db.session.execute(
        select(Withdrawal.state, func.sum(Withdrawal.amount_fen))
        .where(Withdrawal.party_id == party_id)
        .group_by(Withdrawal.state)
    )
    sums = {row[0]: int(row[1]) for row in rows}
    frozen = min(frozen_fen(party_id), balances[available])
    first = db.session.scalars(
        select(Earning)
        .where(
            Earning.party_id == party_id,
            Earning.matured_at.is_(None),
            Earning.amount_fen > Earning.taken_fen,
        )
        .order_by(Earning.matures_at)
        .limit(1)
    ).first()
    return Income(
        available_fen=balances[available] - frozen,
        pending_fen=balances[pending],
        frozen_fen=frozen,
        held_fen=held_fen(party_id),
        owed_fen=debts.owed_fen(party_id),
        under_way_fen=sum(sums.get(state, 0) for state in UNDER_WAY),
        paid_fen=sums.get(WithdrawalState.PAID, 0),
        next_at=first.matures_at if first else None,
        next_fen=first.net_fen if first else 0,
    )

"""Granting, using, giving back. The caller has locked the order; a subsidy's row is locked for a moment after it.

A grant is all or nothing: either the budget has the whole of what an order is worth, or the order gets none.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.money import share_bps
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.subsidies.errors import SubsidyOver, SubsidyUsedUp
from market.subsidies.models import Audience, Grant, Subsidy, SubsidyKind

K = AccountKind


def make(given: dict[str, Any], by: Actor) -> Subsidy:
    """A new one, on from its first moment."""
    made = Subsidy(taken_fen=0, **given)
    db.session.add(made)
    db.session.flush()
    record("subsidy.made", made.id, by=by, budget_fen=made.budget_fen)
    return made


def stop(subsidy: Subsidy, by: Actor) -> None:
    """No new grants; what was granted stands. Raises SubsidyOver."""
    if subsidy.stopped_at is not None or subsidy.ends_at <= now():
        raise SubsidyOver
    subsidy.stopped_at = now()
    record("subsidy.stopped", subsidy.id, by=by, left_fen=subsidy.left_fen)


def offer(kind: SubsidyKind, *, price_fen: int, campaign_code: str | None, is_new: bool) -> Subsidy | None:
    """The one that is worth most to such an order now, if its budget still has the whole of it."""
    rows = select(Subsidy).where(
        Subsidy.kind == kind,
        Subsidy.stopped_at.is_(None),
        Subsidy.starts_at <= now(),
        Subsidy.ends_at > now(),
        or_(Subsidy.campaign_code.is_(None), Subsidy.campaign_code == campaign_code),
        Subsidy.taken_fen < Subsidy.budget_fen,
    )
    if not is_new:
        rows = rows.where(Subsidy.audience == Audience.ALL)
    found = db.session.scalars(rows.execution_options(populate_existing=True)).all()
    able = [each for each in found if 0 < each.worth(price_fen) <= each.left_fen]
    return max(able, key=lambda each: (each.worth(price_fen), each.id), default=None)


def grant_of(subject_id: UUID, kind: SubsidyKind = SubsidyKind.COUPON, *, lock: bool = False) -> Grant | None:
    rows = select(Grant).where(Grant.subject_id == subject_id, Grant.kind == kind)
    if lock:
        rows = rows.with_for_update()
    return db.session.scalar(rows.execution_options(populate_existing=True))


def reserve(subsidy: Subsidy, subject_id: UUID, party_id: UUID, fen: int, by: Actor) -> Grant:
    """Set the whole of `fen` aside for this order, or raise SubsidyUsedUp: the budget is never exceeded."""
    _take(subsidy.id, fen)
    granted = grant_of(subject_id, subsidy.kind, lock=True)
    if granted is None:
        granted = Grant(
            subsidy_id=subsidy.id,
            subject_id=subject_id,
            party_id=party_id,
            kind=subsidy.kind,
            amount_fen=fen,
            used_fen=0,
            returned_fen=0,
            refunded_fen=0,
            times=0,
        )
        db.session.add(granted)
    elif granted.used_fen or granted.amount_fen:
        raise ValueError(f"{subject_id} was granted {granted.amount_fen} before")
    else:
        granted.subsidy_id, granted.amount_fen = subsidy.id, fen
    db.session.flush()
    record("subsidy.granted", subsidy.id, by=by, subject=str(subject_id), amount_fen=fen)
    return granted


def _take(subsidy_id: UUID, fen: int) -> None:
    """One statement decides a race: the row's lock lets one order after the other see what is left."""
    taken = db.session.execute(
        update(Subsidy)
        .where(
            Subsidy.id == subsidy_id,
            Subsidy.stopped_at.is_(None),
            Subsidy.taken_fen + fen <= Subsidy.budget_fen,
        )
        .values(taken_fen=Subsidy.taken_fen + fen)
        .returning(Subsidy.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise SubsidyUsedUp


def _put_back(subsidy_id: UUID, fen: int) -> None:
    db.session.execute(
        update(Subsidy)
        .where(Subsidy.id == subsidy_id)
        .values(taken_fen=Subsidy.taken_fen - fen)
        .execution_options(synchronize_session=False)
    )


def part_due(granted_fen: int, used_fen: int, *, covered_fen: int, price_fen: int) -> int:
    """What of a grant goes with a payment after which `covered_fen` of the price are funded; exact over any parts."""
    return max(0, granted_fen * covered_fen // price_fen - used_fen)


def use(subject_id: UUID, fen: int, by: Actor = SYSTEM) -> int:
    """PRO→EU beside a payment, in its transaction; at most what is set aside. Returns what moved."""
    granted = grant_of(subject_id, lock=True)
    fen = min(fen, granted.amount_fen - granted.used_fen) if granted else 0
    if granted is None or fen <= 0:
        return 0
    granted.used_fen += fen
    granted.times += 1
    ledger.post(
        PostingKind.PROMOTION,
        f"promo:{subject_id}" + (f":{granted.times}" if granted.times > 1 else ""),
        [Leg(Account(K.PROMOTIONS), Account(K.ESCROW_UNALLOCATED, subject_id), fen)],
        source=("order", subject_id),
        by=by,
    )
    return fen


def free(subject_id: UUID, *kinds: SubsidyKind) -> int:
    """Give back to the budgets what is set aside for this order and was not used; returns it."""
    freed = 0
    for kind in kinds or tuple(SubsidyKind):
        granted = grant_of(subject_id, kind, lock=True)
        if granted is None or granted.amount_fen == granted.used_fen:
            continue
        rest = granted.amount_fen - granted.used_fen
        granted.amount_fen = granted.used_fen
        db.session.flush()
        _put_back(granted.subsidy_id, rest)
        freed += rest
    return freed


def part_of_refund(fen: int, *, paid_in_fen: int, subsidy_fen: int, before_fen: int = 0) -> int:
    """How much of a refund of `fen` is the promotions' and not the payer's.

    `paid_in_fen` went into the escrow, `subsidy_fen` of it from promotions; `before_fen` was refunded earlier. Exact
    over any number of refunds: refunding all gives back all of the subsidy and not a fen more.
    """
    if not 0 <= fen <= paid_in_fen - before_fen:
        raise ValueError(f"{fen} of {paid_in_fen} less {before_fen} cannot be refunded")
    if not paid_in_fen:
        return 0
    return subsidy_fen * (before_fen + fen) // paid_in_fen - subsidy_fen * before_fen // paid_in_fen


def part_back(subject_id: UUID, fen: int, *, paid_in_fen: Callable[[], int]) -> int:
    """What of a refund of `fen` of this order would go back to promotions; nothing is noted."""
    granted = grant_of(subject_id)
    return _part(granted, fen, paid_in_fen) if granted else 0


def _part(granted: Grant, fen: int, paid_in_fen: Callable[[], int]) -> int:
    if not granted.used_fen:
        return 0
    part = part_of_refund(
        fen, paid_in_fen=paid_in_fen(), subsidy_fen=granted.used_fen, before_fen=granted.refunded_fen
    )
    return min(part, granted.used_fen - granted.returned_fen)


def returned(subject_id: UUID, fen: int, *, paid_in_fen: Callable[[], int]) -> int:
    """Note a refund of `fen` of this (locked) order: the part that goes back to promotions, whose budget has it again.

    The caller moves it, EU/EM/EH→PRO (PROMOTION_RETURNED, or a leg of his own posting), and sends `fen` less this to
    the payer: a subsidy is never paid out to the merchant. `paid_in_fen` says what came into the escrow in all.
    """
    granted = grant_of(subject_id, lock=True)
    if granted is None or not granted.used_fen:
        return 0
    part = _part(granted, fen, paid_in_fen)
    granted.refunded_fen += fen
    granted.returned_fen += part
    db.session.flush()
    _put_back(granted.subsidy_id, part)
    return part


def lower_fee(
    fee_bps: int,
    *,
    order_id: UUID,
    party_id: UUID,
    price_fen: int,
    campaign_code: str | None,
    is_new: bool,
    by: Actor,
) -> int:
    """By how many bps the platform's rate is lowered for an order that is being signed; its cost is set aside.

    0 when there is none, or when others took the rest of the budget at this moment: signing goes on without.
    """
    found = offer(SubsidyKind.FEE, price_fen=price_fen, campaign_code=campaign_code, is_new=is_new)
    if found is None:
        return 0
    bps = min(found.percent_bps, fee_bps)
    cost = share_bps(price_fen, fee_bps) - share_bps(price_fen, fee_bps - bps)
    if not 0 < cost <= found.cap_fen:
        return 0
    try:
        with db.session.begin_nested():
            reserve(found, order_id, party_id, cost, by)
    except SubsidyUsedUp:
        return 0
    return bps

"""Running the comparison, and what follows: rows, alarms, frozen orders, and a stop for payouts.

A run reads Stripe between its transactions, never inside one. It may be killed at any moment and begun again.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import record
from market.orders import freezes
from market.orders import queries as orders
from market.orders.freezes import FreezeSource
from market.payments import entries, gateway, holds
from market.payments.alarms import alarm
from market.payments.errors import StripeAway
from market.reconciliation import looks, pairing
from market.reconciliation.errors import NothingToDo
from market.reconciliation.found import Found
from market.reconciliation.models import HOLDING, ONE_SIDED, Difference, Kind, Run, RunState, Scope

log = structlog.get_logger()

ALARM_AFTER = timedelta(hours=1)
"""Before that, one side may just be on its way."""
STOP_AFTER = timedelta(hours=24)
SILENT = timedelta(minutes=5)
"""A run that gave no sign for so long was killed: the next one who looks takes it over."""
NIGHT_H = 3
ZONE = ZoneInfo("Asia/Shanghai")
LOOKS_AGAIN = 3
"""Money moves while we read: Stripe's balance and its entries are read again before they are said to differ."""

STEPS = ("import", "pair", "sums", "orders", "settle")


def ask(by: Actor, scope: Scope = Scope.WHOLE) -> Run:
    """An operator's "run now": the schedule takes it within seconds. One that waits already is the same one."""
    waiting = db.session.scalar(
        select(Run).where(Run.state.in_((RunState.ASKED, RunState.RUNNING)), Run.scope == scope).limit(1)
    )
    if waiting is not None:
        return waiting
    made = Run(scope=scope, asked_by=by.person_id)
    db.session.add(made)
    db.session.flush()
    return made


def ask_by_the_clock() -> None:
    """One run each hour; the first after three at night looks at the orders too. Safe for several schedulers."""
    here = now().astimezone(ZONE)
    scope = Scope.WHOLE if here.hour == NIGHT_H else Scope.MONEY
    with transaction():
        db.session.execute(
            insert(Run)
            .values(
                slot=f"{here:%Y-%m-%dT%H}",
                scope=scope,
                state=RunState.ASKED,
                step="",
                steps_done=0,
                entries=0,
                opened=0,
                resolved=0,
                still_open=0,
                error="",
            )
            .on_conflict_do_nothing(index_elements=["slot"])
        )


def do_next() -> Run | None:
    """Take the oldest run that nobody has in hand and carry it out; None when there is none."""
    with transaction():
        silent = (Run.state == RunState.RUNNING) & (Run.beat_at < now() - SILENT)
        run = db.session.scalars(
            select(Run)
            .where((Run.state == RunState.ASKED) | silent)
            .order_by(Run.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).first()
        if run is None:
            return None
        run.state, run.beat_at = RunState.RUNNING, now()
        run.started_at = run.started_at or now()
        run.steps_done, run.step = 0, STEPS[0]
        run_id, scope = run.id, run.scope
    try:
        _carry_out(run_id, scope)
    except StripeAway as away:
        log.warning("reconciliation.stripe_away", error=str(away.__cause__ or away))
        _fail(run_id, "stripe_away")
    except Exception as broken:
        log.exception("reconciliation.failed")
        _fail(run_id, f"{type(broken).__name__}: {broken}")
    return db.session.get(Run, run_id, populate_existing=True)


def run_now(by: Actor = SYSTEM, scope: Scope = Scope.WHOLE) -> Run:
    """Ask and carry out, in this process: for commands and tests. Not inside a transaction."""
    with transaction():
        run_id = ask(by, scope).id
    while (done := do_next()) is not None and done.id != run_id:
        pass
    found = db.session.get(Run, run_id, populate_existing=True)
    assert found is not None
    return found


def _carry_out(run_id: UUID, scope: Scope) -> None:
    new = entries.bring_in(lambda seen: _beat(run_id, 0, seen=seen))
    _beat(run_id, 1)
    with transaction():
        pairing.pair()
    _beat(run_id, 2)
    balance = _balance_at_rest()
    with transaction():
        # One snapshot for everything that is compared with each other.
        db.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        unpaired = pairing.unpaired()
        found = [*unpaired, *pairing.suspended(), *looks.sums(unpaired), *looks.cover(), *looks.ledger()]
        found += looks.stripes_balance(balance)
        looked_at: list[Kind] = [kind for kind in Kind if kind is not Kind.ORDER]
    if scope is Scope.WHOLE:
        _beat(run_id, 3)
        found += looks.orders()
        looked_at.append(Kind.ORDER)
        db.session.rollback()
    _beat(run_id, 4)
    opened, resolved = settle(found, looked_at)
    with transaction():
        run = _find(run_id)
        run.state, run.step, run.steps_done, run.ended_at = RunState.DONE, "", len(STEPS), now()
        run.entries, run.opened, run.resolved, run.error = new, opened, resolved, ""
        run.still_open = len(open_differences())
        record(
            "reconciliation.done",
            run.id,
            by=SYSTEM,
            scope=scope.value,
            opened=opened,
            resolved=resolved,
            open=run.still_open,
        )


def _balance_at_rest() -> dict[str, int]:
    """Stripe's balance at a moment at which its entries, as copied, come to it; the last one read when they never do."""
    balance: dict[str, int] = {}
    for _ in range(LOOKS_AGAIN):
        balance = gateway.balance()
        if not looks.stripes_balance(balance):
            break
        entries.bring_in()
        with transaction():
            pairing.pair()
    db.session.rollback()
    return balance


def _beat(run_id: UUID, step: int, seen: int | None = None) -> None:
    with transaction():
        run = _find(run_id)
        run.beat_at, run.step, run.steps_done = now(), STEPS[step], step
        if seen is not None:
            run.entries = seen


def _fail(run_id: UUID, error: str) -> None:
    db.session.rollback()
    with transaction():
        run = _find(run_id)
        run.state, run.error, run.ended_at = RunState.FAILED, error[:2000], now()
        alarm("reconciliation_failed", run.id, error=run.error)


def _find(run_id: UUID) -> Run:
    return db.session.scalars(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def open_differences() -> Sequence[Difference]:
    """Oldest first."""
    return db.session.scalars(
        select(Difference).where(Difference.resolved_at.is_(None)).order_by(Difference.since, Difference.id)
    ).all()


# What was found against what was known.


def settle(found: Sequence[Found], looked_at: Sequence[Kind]) -> tuple[int, int]:
    """Keep what is new, know again what is old, resolve what is gone; then freeze, alarm, stop. (opened, resolved)

    Each difference in a transaction of its own: an order that is locked by somebody holds nobody up for long.
    """
    opened = sum(_keep(one) for one in found)
    still = {(one.kind, one.ref) for one in found}
    gone = [
        known.id
        for known in open_differences()
        if known.kind in looked_at and (known.kind, known.ref) not in still
    ]
    db.session.rollback()
    for difference_id in gone:
        with transaction():
            resolve(find(difference_id, lock=True))
    for difference_id in [known.id for known in open_differences()]:
        db.session.rollback()
        with transaction():
            _follow(find(difference_id, lock=True))
    with transaction():
        _stop_or_go()
    return opened, len(gone)


def _keep(one: Found) -> bool:
    """True when it was not known."""
    present = now()
    given = {name: value for name, value in vars(one).items() if name != "since"}
    with transaction():
        made = insert(Difference).values(
            **given, since=min(one.since or present, present), seen_at=present, seen=1
        )
        row = db.session.execute(
            made.on_conflict_do_update(
                index_elements=["kind", "ref"],
                index_where=text("resolved_at IS NULL"),
                set_={
                    **{
                        name: made.excluded[name] for name in given if name not in ("kind", "ref", "order_id")
                    },
                    "order_id": text("coalesce(excluded.order_id, reconciliation_differences.order_id)"),
                    "seen_at": present,
                    "seen": Difference.seen + 1,
                },
            ).returning(Difference.seen)
        ).one()
    return bool(row.seen == 1)


def find(difference_id: UUID, *, lock: bool = False) -> Difference:
    """The row; with `lock`, its order (when it has one) and then itself, locked and fresh. Raises NoResultFound."""
    rows = select(Difference).where(Difference.id == difference_id).execution_options(populate_existing=True)
    found = db.session.scalars(rows).one()
    if not lock:
        return found
    if found.order_id:
        orders.find(found.order_id, lock=True)
    return db.session.scalars(rows.with_for_update()).one()


def resolve(known: Difference) -> None:
    """It agrees again: what was stopped for it goes on."""
    if known.resolved_at is not None:
        return
    known.resolved_at = now()
    _thaw(known, SYSTEM)
    record("reconciliation.resolved", known.id, by=SYSTEM, kind=known.kind.value, ref=known.ref)


def _follow(known: Difference) -> None:
    """What an open difference sets off, once each."""
    if known.resolved_at is not None or known.waived_at is not None:
        return
    old = now() - known.since >= ALARM_AFTER
    if known.kind in ONE_SIDED and not old:
        return
    if known.order_id and known.frozen_at is None and known.kind is not Kind.SUSPENSE:
        known.frozen_at = now()
        freezes.freeze(
            known.order_id,
            FreezeSource.RECONCILIATION,
            f"{known.kind.value} {known.ref}",
            by=SYSTEM,
            key=str(known.id),
        )
    if known.alarmed_at is None:
        known.alarmed_at = now()
        alarm(
            "reconciliation",
            known.id,
            difference=known.kind.value,
            ref=known.ref,
            ours_fen=known.ours_fen,
            theirs_fen=known.theirs_fen,
            currency=known.currency,
        )


def _stop_or_go() -> None:
    """Payouts stand still while money has been unaccounted for a day, and not longer."""
    oldest = db.session.scalars(
        select(Difference)
        .where(
            Difference.resolved_at.is_(None),
            Difference.waived_at.is_(None),
            Difference.kind.in_(HOLDING),
            Difference.since < now() - STOP_AFTER,
        )
        .order_by(Difference.since)
        .limit(1)
    ).first()
    if oldest is None:
        before = holds.current()
        if holds.lift() and before is not None:
            record("payouts.resumed", before.id, by=SYSTEM, reason=before.reason)
    elif holds.hold(f"{oldest.kind.value} {oldest.ref}"):
        alarm("payouts_stopped", oldest.id, difference=oldest.kind.value, ref=oldest.ref)


def waive(known: Difference, by: Actor) -> None:
    """Two persons know of this (locked) difference: it stops nothing any more, and stays listed until it is gone."""
    if known.resolved_at is not None or known.waived_at is not None:
        raise NothingToDo
    known.waived_at = now()
    _thaw(known, by)
    _stop_or_go()
    record("reconciliation.waived", known.id, by=by, kind=known.kind.value, ref=known.ref)


def _thaw(known: Difference, by: Actor) -> None:
    if known.order_id and known.frozen_at:
        freezes.lift(known.order_id, FreezeSource.RECONCILIATION, by=by, key=str(known.id))

"""The rush: propose creators for all open briefs at once, as offers that both sides may decline, and solve again.

A run is a row. It is carried out by the schedule's process in transactions of its own: ranking brief by brief, with
progress, then one solution for all. Killed, it is taken over when it has been silent for SILENT. What it chose from is
kept for a while: a run "again" takes it as it is, without who declined, and is done in seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy import Select, delete, exists, func, insert, or_, select

from market.accounts.actor import Actor
from market.bids import invitations
from market.creators.queries import offers as offered_by
from market.kit.clock import now
from market.kit.db import among, db, transaction
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.matching import service as matching
from market.matching.queries import agencies
from market.orders.capacity import rooms
from market.planning.batch import Market, Prices, solve_prices, solve_rounded
from market.planning.candidates import Candidates, Now, Pair
from market.planning.errors import NothingKept, RunUnderWay
from market.planning.polishing import polish, solve_again
from market.planning.rush_models import OfferState, RunState, RushCandidates, RushOffer, RushRun
from market.tasks.models import Task, TaskState

log = structlog.get_logger()

NEAREST = 50
"""Creators considered for a brief. Fewer leave places empty, more cost time."""
BEAT = 20
"""Briefs ranked between two signs of life."""
SILENT = timedelta(minutes=5)
QUIET = timedelta(minutes=1)
SIGN = timedelta(seconds=2)
KEPT = timedelta(hours=2)
"""So long a run's candidates serve: by then prices and calendars have moved, and new briefs want to be looked at."""
PAUSE = timedelta(minutes=10)
STANDS = 1.05
"""An offer that nobody declined counts so much more than another of the same worth."""


class TakenOver(Exception):
    """This process was silent for too long, and another has the run in hand."""


def ask(by: Actor | None, *, again: bool = False) -> RushRun:
    """Have all open briefs assigned; `again`: from what the last run looked at. Raises RunUnderWay: one at a time;
    NothingKept."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("rush_runs", 0))))
    waiting = select(RushRun.id).where(RushRun.state.in_([RunState.ASKED, RunState.RUNNING]))
    if db.session.scalar(waiting.limit(1)):
        raise RunUnderWay
    if again and not is_kept():
        raise NothingKept
    run = RushRun(asked_by=by.person_id if by else None, again=again)
    run.state = RunState.ASKED
    db.session.add(run)
    db.session.flush()
    record("rush.asked", run.id, by=by)
    return run


def is_kept() -> bool:
    """Whether there is something to choose from again: a run's candidates, not too old."""
    return bool(db.session.scalar(select(exists().where(*_KEPT))))


_KEPT = (RushCandidates.made_at > func.clock_timestamp() - KEPT,)


def ask_for_the_declined() -> RushRun | None:
    """While a rush is on: once some said no, propose others in their place, not more often than every PAUSE."""
    latest = db.session.scalars(select(RushRun).order_by(RushRun.id.desc()).limit(1)).first()
    if latest is None or latest.state is not RunState.DONE or latest.ended_at is None:
        return None
    said_no = exists().where(RushOffer.run_id == latest.id, RushOffer.state == OfferState.DECLINED)
    if latest.ended_at > now() - PAUSE or not is_kept() or not db.session.scalar(select(said_no)):
        return None
    return ask(None, again=True)


def resumes(run: RushRun) -> datetime | None:
    """When a run that has been QUIET may be taken over; None while it gives signs of life."""
    if run.state is not RunState.RUNNING or run.beat_at is None or run.beat_at > now() - QUIET:
        return None
    return run.beat_at + SILENT


def do_next() -> RushRun | None:
    """Take the run that nobody has in hand and carry it out; None when there is none. Opens its own transactions."""
    with transaction():
        silent = (RushRun.state == RunState.RUNNING) & (RushRun.beat_at < now() - SILENT)
        run = db.session.scalars(
            select(RushRun)
            .where((RushRun.state == RunState.ASKED) | silent)
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).first()
        if run is None:
            return None
        run.state, run.beat_at, run.briefs_done = RunState.RUNNING, now(), 0
        hand = Hand(run.id, run.beat_at, run.again)
        task_ids = db.session.scalars(
            select(Task.id)
            .where(Task.state == TaskState.OPEN, Task.bids_close_at > now(), Task.budget_fen.is_not(None))
            .order_by(Task.id)
        ).all()
        run.briefs = len(task_ids)
    try:
        _carry_out(hand, task_ids)
    except TakenOver:
        log.warning("rush.taken_over", run=str(hand.run_id))
    except Exception as broken:  # an operator sees it on the run's row
        log.exception("rush.failed")
        with suppress(TakenOver), transaction():
            failed = hand.run()
            failed.state, failed.error = RunState.FAILED, f"{type(broken).__name__}: {broken}"
            failed.ended_at = now()
    db.session.expunge_all()
    return db.session.get(RushRun, hand.run_id)


@dataclass
class Hand:
    """That has a run: its own last sign of life shows that nobody took it over."""

    run_id: UUID
    beat_at: datetime
    again: bool = False

    def run(self) -> RushRun:
        """The run, locked. Raises TakenOver."""
        run = db.session.get_one(RushRun, self.run_id, with_for_update=True, populate_existing=True)
        if run.state is not RunState.RUNNING or run.beat_at != self.beat_at:
            raise TakenOver
        return run

    def sign(self, **done: Any) -> None:
        """A sign of life, with what is done so far."""
        with transaction():
            run = self.run()
            for name, value in done.items():
                setattr(run, name, value)
            run.beat_at = now()
        self.beat_at = run.beat_at

    def polished(self, done: float) -> None:
        """Now and then while the set is made better, with how far it is: 0..1 on the run's report."""
        if now() - self.beat_at >= SIGN:
            self.sign(report={"polished": round(done, 2)})


def _carry_out(hand: Hand, task_ids: Sequence[UUID]) -> None:
    kept = _kept() if hand.again else None
    if kept:
        here, chosen, report = _solve_again(*kept, task_ids)
        packed = None
        hand.sign(briefs_done=len(task_ids))
    else:
        here, pairs = _look(hand, task_ids)
        chosen, report, packed = _solve(pairs, here, hand.polished)
    with transaction():
        run = hand.run()
        rows = [{**pair._asdict(), "run_id": hand.run_id, "state": OfferState.OFFERED} for pair in chosen]
        if rows:
            db.session.execute(insert(RushOffer), rows)
        if packed is not None:
            db.session.execute(delete(RushCandidates))
            db.session.add(RushCandidates(run_id=hand.run_id, packed=packed))
        run.state, run.report, run.ended_at = RunState.DONE, report, now()
        record("rush.done", hand.run_id, by=None, offers=len(rows))


def _look(hand: Hand, task_ids: Sequence[UUID]) -> tuple[Now, list[Pair]]:
    """Brief by brief, who could do it."""
    here, pairs = Now({}, {}, {}), list[Pair]()
    for start in range(0, len(task_ids), BEAT):
        with transaction():
            tasks = db.session.scalars(select(Task).where(Task.id.in_(task_ids[start : start + BEAT]))).all()
            said_no = _answered([task.id for task in tasks])
            for task in tasks:
                pairs += _pairs(task, here, said_no)
        hand.sign(briefs_done=min(start + BEAT, len(task_ids)))
        db.session.expunge_all()
    return here, pairs


def _answered(task_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Offers of these briefs that one side has declined or taken up: they are not made again."""
    rows = select(RushOffer.task_id, RushOffer.creator_id).where(
        among(RushOffer.task_id, task_ids), RushOffer.state != OfferState.OFFERED
    )
    return {(task_id, creator_id) for task_id, creator_id in db.session.execute(rows)}


def _pairs(task: Task, here: Now, answered: set[tuple[UUID, UUID]]) -> Iterator[Pair]:
    """Who could do the brief: within its budget, with a slot, and not answered before by either side."""
    here.briefs[task.id] = (task.merchant_id, task.budget_fen or 0)
    matches = matching.rank(task, NEAREST)
    here.houses.update(agencies([match.creator_id for match in matches]))
    for match in matches:
        id = match.creator_id
        price = match.price_fen
        here.free.setdefault(id, match.room.at_once)
        if price and price <= (task.budget_fen or 0) and here.free[id] and (task.id, id) not in answered:
            yield Pair(task.id, id, match.score, price)


def _solve(
    pairs: Sequence[Pair], here: Now, progress: Callable[[float], None] = lambda done: None
) -> tuple[list[Pair], dict[str, Any], bytes | None]:
    """The programme, rounded and made better; and what it chose from, with its prices."""
    if not pairs:
        return [], _nothing(here), None
    found = Candidates.of(pairs, here)
    market = found.market(here, figures.rush_agency_bps)
    shares, prices = solve_prices(market)
    taken = polish(market, solve_rounded(market, shares), prices, progress=progress)
    assert market.feasible(taken)
    return found.pairs(taken), _report(market, prices, taken), found.packed(prices)


def _kept() -> tuple[Candidates, Prices] | None:
    with transaction():
        packed = db.session.scalar(select(RushCandidates.packed).where(*_KEPT))
    return Candidates.unpacked(packed) if packed else None


def _solve_again(
    found: Candidates, prices: Prices, task_ids: Sequence[UUID]
) -> tuple[Now, list[Pair], dict[str, Any]]:
    """From what a run looked at, as things are now. Offers that stand are worth a little more than others, so that a no
    moves few who said nothing."""
    with transaction():
        open_ = db.session.scalars(
            select(Task).where(among(Task.id, set(task_ids) & set(found.briefs)))
        ).all()
        latest_day = max((task.deadline for task in open_ if task.deadline), default=None)
        here = Now(
            {task.id: (task.merchant_id, task.budget_fen or 0) for task in open_},
            {id: room.at_once for id, room in rooms(offered_by(found.creators), latest_day).items()},
            agencies(found.creators),
        )
        answered = found.among(_answered(found.briefs))
        latest = select(RushRun.id).where(RushRun.state == RunState.DONE).order_by(RushRun.id.desc()).limit(1)
        standing = found.among(
            db.session.execute(
                select(RushOffer.task_id, RushOffer.creator_id).where(
                    RushOffer.run_id == latest.scalar_subquery(), RushOffer.state == OfferState.OFFERED
                )
            ).all()
        )
    db.session.expunge_all()
    whole = found.market(here, figures.rush_agency_bps)
    market = replace(whole, value=np.where(answered, 0.0, whole.value))
    steady = replace(market, value=market.value * np.where(standing, STANDS, 1.0))
    taken = solve_again(steady, prices) & ~answered
    assert market.feasible(taken)
    return here, found.pairs(taken), _report(market, prices, taken)


def _nothing(here: Now) -> dict[str, Any]:
    return {"briefs": len(here.briefs), "candidates": 0, "offers": 0, "with_nobody": len(here.briefs)}


def _report(market: Market, prices: Prices, taken: Any) -> dict[str, Any]:
    value, bound = float(market.value[taken].sum()), prices.bound(market)
    wanted = int((market.need > 0).sum())
    return {
        "briefs": wanted,
        "candidates": len(market.brief),
        "offers": int(taken.sum()),
        "with_nobody": int(wanted - len(np.unique(market.brief[taken]))),
        "value": round(value, 4),
        "of_bound": round(value / bound, 4) if bound > 0 else 1.0,
        "contested": int((prices.slots > 1e-3).sum()),
    }


def visible_to(actor: Actor) -> Select[RushOffer]:
    """The latest run's offers: to the brief's merchant and to the creator; to operators all."""
    latest = select(RushRun.id).where(RushRun.state == RunState.DONE).order_by(RushRun.id.desc()).limit(1)
    rows = select(RushOffer).where(RushOffer.run_id == latest.scalar_subquery())
    if actor.is_operator:
        return rows
    own = select(Task.id).where(Task.merchant_id == actor.party_id)
    return rows.where(or_(RushOffer.creator_id == actor.party_id, RushOffer.task_id.in_(own)))


def find(offer_id: UUID, actor: Actor) -> RushOffer:
    """Locked. Raises NotFound, also for what the actor may not see."""
    offer = db.session.scalar(
        visible_to(actor)
        .where(RushOffer.id == offer_id)
        .with_for_update(of=RushOffer)
        .execution_options(populate_existing=True)
    )
    if offer is None:
        raise NotFound
    return offer


MOST_SHOWN = 10


def proposed_to(actor: Actor) -> Sequence[RushOffer]:
    """The briefs the latest run gave to this creator, not answered and still open, the best first."""
    rows = visible_to(actor).join(Task, Task.id == RushOffer.task_id)
    rows = rows.where(
        RushOffer.creator_id == actor.party_id,
        RushOffer.state == OfferState.OFFERED,
        Task.state == TaskState.OPEN,
        Task.bids_close_at > now(),
    )
    return db.session.scalars(rows.order_by(RushOffer.value.desc()).limit(MOST_SHOWN)).all()


def decline(offer: RushOffer, *, by: Actor) -> RushOffer:
    """Not this one: the next run proposes others. `offer` is locked."""
    offer.decline(by.party_id)
    db.session.flush()
    record("rush.declined", offer.id, by=by)
    return offer


def invite(offer: RushOffer, *, by: Actor) -> RushOffer:
    """The merchant takes the proposal: the creator is invited to the brief. `offer` is locked."""
    invitations.invite(offer.task_id, offer.creator_id, by=by)
    offer.invited()
    db.session.flush()
    return offer

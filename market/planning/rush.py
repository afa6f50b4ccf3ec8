"""The rush: propose creators for all open briefs at once, as offers that both sides may decline, and solve again.

A run is a row. It is carried out by the schedule's process in transactions of its own: ranking brief by brief, with
progress, then one solution for all. Killed, it is taken over when it has been silent for SILENT.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy import Select, func, insert, or_, select

from market.accounts.actor import Actor
from market.bids import invitations
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.matching import service as matching
from market.matching.queries import agencies
from market.planning.batch import Market, Prices, solve_prices, solve_rounded
from market.planning.errors import RunUnderWay
from market.planning.polishing import polish
from market.planning.rush_models import OfferState, RunState, RushOffer, RushRun
from market.tasks.models import Task, TaskState

log = structlog.get_logger()

NEAREST = 50
"""Creators considered for a brief. Fewer leave places empty, more cost time."""
BEAT = 20
"""Briefs ranked between two signs of life."""
SILENT = timedelta(minutes=5)
SIGN = timedelta(seconds=2)


class TakenOver(Exception):
    """This process was silent for too long, and another has the run in hand."""


def ask(by: Actor) -> RushRun:
    """Have all open briefs assigned. Raises RunUnderWay: one at a time."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("rush_runs", 0))))
    waiting = select(RushRun.id).where(RushRun.state.in_([RunState.ASKED, RunState.RUNNING]))
    if db.session.scalar(waiting.limit(1)):
        raise RunUnderWay
    run = RushRun(asked_by=by.person_id)
    run.state = RunState.ASKED
    db.session.add(run)
    db.session.flush()
    record("rush.asked", run.id, by=by)
    return run


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
        hand = Hand(run.id, run.beat_at)
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

    def run(self) -> RushRun:
        """The run, locked. Raises TakenOver."""
        run = db.session.get_one(RushRun, self.run_id, with_for_update=True, populate_existing=True)
        if run.state is not RunState.RUNNING or run.beat_at != self.beat_at:
            raise TakenOver
        return run

    def polished(self, done: float) -> None:
        """A sign of life now and then while the set is made better, with how far it is: 0..1 on the run's report."""
        if now() - self.beat_at < SIGN:
            return
        with transaction():
            run = self.run()
            run.report, run.beat_at = {"polished": round(done, 2)}, now()
        self.beat_at = run.beat_at


def _carry_out(hand: Hand, task_ids: Sequence[UUID]) -> None:
    edges: list[tuple[UUID, UUID, float, int]] = []
    known: dict[UUID, tuple[UUID, int]] = {}
    free: dict[UUID, int] = {}
    houses: dict[UUID, UUID] = {}
    for start in range(0, len(task_ids), BEAT):
        with transaction():
            for task in db.session.scalars(select(Task).where(Task.id.in_(task_ids[start : start + BEAT]))):
                known[task.id] = (task.merchant_id, task.budget_fen or 0)
                _edges(task, edges, free, houses)
            run = hand.run()
            run.briefs_done, run.beat_at = min(start + BEAT, len(task_ids)), now()
        hand.beat_at = run.beat_at
        db.session.expunge_all()
    taken, report = _solve(edges, known, free, houses, hand.polished)
    with transaction():
        run = hand.run()
        rows = [
            {
                "run_id": hand.run_id,
                "task_id": task_id,
                "creator_id": creator_id,
                "value": value,
                "price_fen": price,
            }
            | {"state": OfferState.OFFERED}
            for task_id, creator_id, value, price in taken
        ]
        if rows:
            db.session.execute(insert(RushOffer), rows)
        run.state, run.report, run.ended_at = RunState.DONE, report, now()
        record("rush.done", hand.run_id, by=None, offers=len(rows))


def _edges(
    task: Task,
    edges: list[tuple[UUID, UUID, float, int]],
    free: dict[UUID, int],
    houses: dict[UUID, UUID],
) -> None:
    """Who could do the brief: within its budget, with a slot, and not declined before by either side."""
    declined = set(
        db.session.scalars(
            select(RushOffer.creator_id).where(
                RushOffer.task_id == task.id, RushOffer.state != OfferState.OFFERED
            )
        )
    )
    matches = matching.rank(task, NEAREST)
    ids = [match.creator_id for match in matches]
    houses |= agencies(ids)
    for match in matches:
        id = match.creator_id
        price = match.creator.prices.get(task.format)
        free.setdefault(id, match.room.at_once)
        if price and price <= (task.budget_fen or 0) and free[id] and id not in declined:
            edges.append((task.id, id, match.score, price))


def _solve(
    edges: Sequence[tuple[UUID, UUID, float, int]],
    known: dict[UUID, tuple[UUID, int]],
    free: dict[UUID, int],
    houses: dict[UUID, UUID],
    progress: Callable[[float], None] = lambda done: None,
) -> tuple[list[tuple[UUID, UUID, float, int]], dict[str, Any]]:
    report: dict[str, Any] = {"briefs": len(known), "candidates": len(edges), "offers": 0}
    if not edges:
        return [], report | {"with_nobody": len(known)}
    briefs = {id: at for at, id in enumerate(known)}
    creators = {id: at for at, id in enumerate(dict.fromkeys(edge[1] for edge in edges))}
    agency_of = {id: at for at, id in enumerate(dict.fromkeys(houses[id] for id in creators if id in houses))}
    payers = {id: at for at, id in enumerate(dict.fromkeys(merchant for merchant, _fen in known.values()))}
    slots = np.array([free[id] for id in creators], dtype=np.int64)
    agency = np.array([agency_of[houses[id]] if id in houses else -1 for id in creators], dtype=np.int64)
    budget = np.zeros(len(payers), dtype=np.int64)
    for merchant, fen in known.values():
        budget[payers[merchant]] += fen
    member = agency >= 0
    theirs = np.bincount(agency[member], slots[member], len(agency_of))
    market = Market(
        brief=np.array([briefs[edge[0]] for edge in edges], dtype=np.int64),
        creator=np.array([creators[edge[1]] for edge in edges], dtype=np.int64),
        value=np.array([edge[2] for edge in edges]),
        price=np.array([edge[3] for edge in edges], dtype=np.int64),
        need=np.ones(len(known), dtype=np.int64),
        slots=slots,
        agency=agency,
        cap=np.maximum(1, np.ceil(theirs * figures.rush_agency_bps / 10_000)).astype(np.int64),
        merchant=np.array([payers[merchant] for merchant, _fen in known.values()], dtype=np.int64),
        budget=budget,
    )
    shares, prices = solve_prices(market)
    taken = polish(market, solve_rounded(market, shares), prices, progress=progress)
    assert market.feasible(taken)
    return [edges[at] for at in np.flatnonzero(taken).tolist()], report | _report(market, prices, taken)


def _report(market: Market, prices: Prices, taken: Any) -> dict[str, Any]:
    value, bound = float(market.value[taken].sum()), prices.bound(market)
    return {
        "offers": int(taken.sum()),
        "with_nobody": int(len(market.need) - len(np.unique(market.brief[taken]))),
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

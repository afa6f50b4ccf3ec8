"""Exactly one ending: acceptance, its timer, an agreed exit, a case and a chargeback race for one stage's money.

Real threads, real transactions. Whoever wins, state, decision row, events and ledger say the same, and everybody else
is refused with nothing moved.
"""

import itertools
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from market.delivery import service as delivery
from market.disputes import service as disputes
from market.disputes.models import Ground
from market.kit import events
from market.kit.db import db, transaction
from market.kit.errors import Conflict
from market.orders import chargebacks, exits, queries
from market.orders.endings import Ending
from market.orders.states import MilestoneState as M
from market.payments import outbox
from market.payments.models import Checkout
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

NAMES = ("approve", "timer", "exit", "case", "chargeback")
PAIRS = list(itertools.combinations(NAMES, 2))
ENDED = {"release": M.RELEASED, "refund": M.REFUNDED, "split": M.SPLIT}


class Round:
    """An order whose script waits for the merchant's word, past its time, with an exit asked for and a dispute at
    Stripe whose news has just arrived."""

    def __init__(
        self, app: Flask, cast: dict[str, Player], sandbox: Sandbox, racers: tuple[str, ...]
    ) -> None:
        self.app, self.sandbox = app, sandbox
        self.mei, self.lin = cast["mei"].actor, cast["lin"].actor
        self.order_id = play.funded(cast["mei"], cast["lin"], sandbox, agency=None)
        self.script = play.submit(cast["lin"], self.order_id)
        self.dispute: Any = None
        with app.app_context():
            if "exit" in racers:
                with transaction():
                    order = queries.find(self.order_id, lock=True)
                    seen = exits.quote(order)
                    self.exit_id = exits.ask(
                        order, self.mei, token=seen.token, reason="不做了", to_wallet=True
                    ).id
            if "chargeback" in racers:
                charge = db.session.scalars(
                    select(Checkout.charge_id).where(Checkout.subject_id == self.order_id)
                ).one()
                self.dispute = sandbox.control("disputes", charge=charge)
                sandbox.deliver()
                outbox.drain()

    def approve(self) -> None:
        delivery.accept(self.script, self.mei)

    def timer(self) -> None:
        delivery.auto_accept(self.script, {})

    def exit(self) -> None:
        order = queries.find(self.order_id, lock=True)
        exits.agree(order, exits.find_exit(self.exit_id, order), self.lin, round_=1)

    def case(self) -> None:
        order = queries.find(self.order_id, lock=True)
        disputes.open_case(
            order,
            order.milestones[0],
            self.mei,
            ground=Ground.QUALITY,
            text="不符合约定",
            claim_fen=0,
            to_wallet=True,
        )

    def chargeback(self) -> None:
        opened = [e for e in db.session.scalars(select(events.Event)) if e.name == "chargeback.opened"]
        chargebacks.freeze(opened[-1])

    def race(self, names: tuple[str, ...]) -> dict[str, str]:
        """Who did it, and how the others were refused. Anything but a refusal is raised."""
        start, told, broken = threading.Barrier(len(names)), {}, []

        def run(name: str, act: Callable[[], None]) -> None:
            with self.app.app_context():
                start.wait()
                try:
                    with transaction():
                        act()
                    told[name] = "done"
                except Conflict as refusal:
                    told[name] = refusal.slug()
                except BaseException as wrong:
                    broken.append((name, wrong))
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=run, args=(name, getattr(self, name))) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not broken, broken
        return told

    def check(self, told: dict[str, str]) -> None:
        """One outcome, and everything says the same."""
        with self.app.app_context():
            order = queries.find(self.order_id)
            first = order.milestones[0]
            rows = db.session.scalars(select(Ending).where(Ending.milestone_id == first.id)).all()
            said = [e.name for e in events.history(self.order_id)]
            assert len(rows) == (1 if first.is_over else 0)
            if rows:
                assert ENDED[rows[0].outcome.value] is first.state
                assert rows[0].released_fen + rows[0].returned_fen == first.amount_fen
            released = said.count("milestone.released")
            accepted = said.count("delivery.accepted")
            assert released == accepted == sum(m.state is M.RELEASED for m in order.milestones)
            assert said.count("milestone.ended") == sum(
                m.state in (M.SPLIT, M.REFUNDED) for m in order.milestones
            )
            moved = [told.get("exit") == "done" and first.state is not M.RELEASED, first.state is M.RELEASED]
            assert sum(moved) <= 1
            if told.get("exit") == "done":
                assert order.is_over or any(m.state is M.HELD for m in order.milestones)
        play.ledger_is_sound(self.app)


def settle_all(app: Flask, round_: Round, sandbox: Sandbox) -> None:
    """Whatever is still open is decided: the case by silence, the chargeback by the bank."""
    if round_.dispute:
        sandbox.control(f"disputes/{round_.dispute['id']}", outcome="lost")
    sandbox.settle()
    for _ in range(4):
        play.shift(80)
        sandbox.settle()
    with app.app_context():
        order = queries.find(round_.order_id)
        assert all(m.state is not M.HELD for m in order.milestones)
        for m in order.milestones:
            rows = db.session.scalars(select(Ending).where(Ending.milestone_id == m.id)).all()
            assert len(rows) == int(m.is_over)
    play.ledger_is_sound(app)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_two_of_them(
    app: Flask,
    cast: dict[str, Player],
    sandbox: Sandbox,
    pair: tuple[str, ...],
    request: pytest.FixtureRequest,
) -> None:
    for _ in range(20 if request.config.getoption("--slow") else 2):
        round_ = Round(app, cast, sandbox, pair)
        play.shift(72.5 if "timer" in pair else 0)
        told = round_.race(pair)
        assert "done" in told.values(), told
        round_.check(told)
        play.shift(-72.5 if "timer" in pair else 0)


def test_all_five_together(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    rounds = 50 if request.config.getoption("--slow") else 6
    winners = set()
    for _ in range(rounds):
        round_ = Round(app, cast, sandbox, NAMES)
        play.shift(72.5)
        told = round_.race(NAMES)
        winners |= {name for name, how in told.items() if how == "done"}
        round_.check(told)
        play.shift(-72.5)
    assert winners, "somebody always wins"
    settle_all(app, round_, sandbox)


def test_a_second_decision_row_is_refused_by_the_database(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox
) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError, IntegrityError

    order_id: UUID = play.funded(cast["mei"], cast["lin"], sandbox)
    play.accept(cast["mei"], play.submit(cast["lin"], order_id))
    again = (
        "INSERT INTO milestone_endings (milestone_id, order_id, outcome, cause, released_fen, returned_fen, decided_at)"
        " SELECT milestone_id, order_id, 'refund', 'exit', 0, released_fen, now() FROM milestone_endings"
    )
    with app.app_context():
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(again))
        for change in ("UPDATE milestone_endings SET released_fen = 0", "DELETE FROM milestone_endings"):
            with pytest.raises(DBAPIError, match=r"ends once|permission denied"), transaction():
                db.session.execute(text(change))

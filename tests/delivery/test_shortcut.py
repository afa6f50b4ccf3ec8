"""The shortcut of an acceptance writes what the long way writes, and does nothing where anything is out of the ordinary."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask, Response
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from market.accounts.actor import SYSTEM
from market.accounts.idempotency import lock_name
from market.delivery import service, shortcut
from market.delivery.errors import NotUnderReview
from market.delivery.models import Submission
from market.kit.db import db, transaction
from market.kit.events import history
from market.kit.ids import encode
from market.kit.work import WorkItem
from market.orders import freezes
from market.orders.endings import Ending
from market.orders.freezes import FreezeSource
from market.orders.models import Milestone, Order
from market.payments.models import Earning
from tests import play
from tests.conftest import Player
from tests.delivery.test_short_way import rows
from tests.sandbox import Sandbox

LEGS = text("""
    SELECT p.kind, p.idem_key LIKE 'release:%' AS named, p.by_person IS NOT NULL AS person,
        p.by_party IS NOT NULL AS party, t.leg, d.kind AS debit, c.kind AS credit, t.amount
    FROM ledger_postings p JOIN ledger_transfers t ON t.posting_id = p.id
    JOIN ledger_accounts d ON d.id = t.debit_id JOIN ledger_accounts c ON c.id = t.credit_id
    JOIN milestones m ON m.id = p.source_id WHERE m.order_id = :order ORDER BY m.position, t.leg""")


def say_yes(mei: Player, submission_id: UUID, key: str = "yes") -> Any:
    path = f"/submissions/{encode('sub', submission_id)}/acceptance"
    return mei.api("POST", path, headers={"Idempotency-Key": f"{key}:{submission_id}"})


def told(order: Order, works: list[UUID]) -> list[tuple[Any, ...]]:
    """The facts of an order; of those of an acceptance all, but for what differs from order to order and is checked
    here."""
    found: list[tuple[Any, ...]] = []
    for fact in history(order.id):
        if fact.name not in ("milestone.released", "delivery.accepted"):
            found.append((fact.name,))
            continue
        data = dict(fact.data)
        assert data.pop("number") == order.number
        if fact.name == "delivery.accepted":
            assert data.pop("submission_id") in [encode("sub", work) for work in works]
        parts = data.pop("parts", {})
        by_part = [parts.pop(str(party), None) for party in order.parties]
        assert not parts
        told_to = [party in fact.audience for party in order.parties]
        found.append(
            (fact.name, data, by_part, told_to, len(fact.audience), fact.party_id == order.merchant_id)
        )
    return found


@pytest.mark.parametrize(
    ("price_fen", "commission_bps"), [(1_000_007, None), (1_000_007, 3333), (1_000_000, 0)]
)
def test_the_shortcut_writes_what_the_long_way_writes(
    app: Flask,
    cast: dict[str, Player],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    price_fen: int,
    commission_bps: int | None,
):
    mei = cast["mei"]
    shortly = []
    real = shortcut.accept

    def watched(submission_id: UUID, **called: Any) -> Response:
        answer = real(submission_id, **called)
        shortly.append(submission_id)
        return answer

    def declines(_submission_id: UUID, **_called: Any) -> Response:
        raise shortcut.LongWay

    def play_out(lin: Player) -> dict[str, Any]:
        agency = {} if commission_bps is None else {"agency": cast["ada"], "commission_bps": commission_bps}
        order_id = play.funded(mei, lin, sandbox, price_fen=price_fen, **agency)
        answers = []
        for kind in ("script", "video"):
            work = play.submit(lin, order_id, kind)
            answers.append(say_yes(mei, work))
            assert answers[-1].status_code == 201
        with app.app_context():
            stages = select(Milestone.id).where(Milestone.order_id == order_id)
            versions = select(Submission.id).where(Submission.order_id == order_id)
            earned = select(Earning.source_id).where(Earning.subject_id == order_id)
            timers = WorkItem.subject_id.in_(versions.union(earned)), WorkItem.event_id.is_(None)
            works = list(db.session.scalars(versions.order_by(Submission.id)))
            for answer, work in zip(answers, works, strict=True):  # what was answered is what was written
                assert answer.json == mei.api("GET", f"/submissions/{encode('sub', work)}").json
            return {
                "answers": [sorted(answer.json) for answer in answers],
                "orders": rows(Order, Order.id == order_id),
                "milestones": rows(Milestone, Milestone.order_id == order_id),
                "endings": rows(Ending, Ending.milestone_id.in_(stages)),
                "submissions": rows(Submission, Submission.order_id == order_id),
                "earnings": rows(Earning, Earning.subject_id == order_id),
                "timers": rows(WorkItem, *timers),
                "legs": [tuple(leg) for leg in db.session.execute(LEGS, {"order": order_id})],
                "facts": told(db.session.get_one(Order, order_id), works),
            }

    monkeypatch.setattr(shortcut, "accept", watched)
    short = play_out(cast["lin"])
    assert len(shortly) == 2
    monkeypatch.setattr(shortcut, "accept", declines)
    long = play_out(cast["bo"])

    assert short == long
    assert short["legs"] and short["facts"] and len(short["endings"]) == 2
    play.ledger_is_sound(app)


UNUSUAL = {
    "frozen": "UPDATE orders SET frozen_at = now() WHERE id = :order",
    "over": "UPDATE orders SET state = 'settled' WHERE id = :order",
    "decided": "UPDATE submissions SET state = 'accepted' WHERE id = :work",
    "sent back": "UPDATE milestones SET state = 'active' WHERE order_id = :order AND state = 'submitted'",
    "in a case": "UPDATE milestones SET state = 'held', held_by = :order WHERE order_id = :order AND position = 1",
    "another in a case": "UPDATE milestones SET state = 'held', held_by = :order WHERE order_id = :order AND position = 2",
    "paid in part": "UPDATE milestones SET released_fen = 1, creator_fen = 1, agency_fen = 0, fee_fen = 0, tax_fen = 0"
    " WHERE order_id = :order AND state = 'submitted'",
    "next not paid for": "UPDATE milestones SET funded_at = NULL WHERE order_id = :order AND state = 'pending'",
    "a change on the table": "INSERT INTO order_changes (order_id, version, milestone_id, proposed_by, text, added_fen,"
    " added_days, from_wallet, state, due_at, reason) SELECT m.order_id, 1, m.id, o.creator_id, 'x', 0, 1, false,"
    " 'open', now(), '' FROM milestones m JOIN orders o ON o.id = m.order_id WHERE o.id = :order AND m.position = 3",
    "no such work": "UPDATE orders SET category = category WHERE id = :order",
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_it_does_nothing_when_anything_is_out_of_the_ordinary(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, what: str
):
    order_id = play.funded(mei, lin, sandbox)
    work = play.submit(lin, order_id)
    call = text("SELECT delivery_accept(:work, :order, 'sub_x', NULL, NULL, '{}', now(), 'x')")

    with app.app_context():
        spoiled = db.session.execute(text(UNUSUAL[what]), {"order": order_id, "work": work})
        assert spoiled.rowcount > 0  # type: ignore[attr-defined]
        with pytest.raises(DBAPIError) as refusal:
            db.session.execute(call, {"order": order_id, "work": uuid4() if what == "no such work" else work})
        assert getattr(refusal.value.orig, "sqlstate", "") == "VT011"
        db.session.rollback()
        db.session.execute(call, {"order": order_id, "work": work})  # unspoiled, it does
        db.session.rollback()


def test_the_long_way_says_why_when_the_order_was_frozen_meanwhile(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
):
    order_id = play.funded(mei, lin, sandbox)
    work = play.submit(lin, order_id)
    with app.app_context(), transaction():
        freezes.freeze(order_id, FreezeSource.OPERATOR, reason="test", by=SYSTEM)

    answer = say_yes(mei, work)

    assert answer.status_code == 409 and answer.json["type"].endswith("order-frozen")
    with app.app_context():
        assert db.session.get_one(Submission, work).is_waiting
    assert mei.api("GET", f"/orders/{encode('ord', order_id)}").json["state"] == "scripting"


def test_many_ways_to_accept_at_once_pay_once(app: Flask, mei: Player, lin: Player, sandbox: Sandbox):
    """Two calls with keys of their own, two under one key, the long way and a request for changes."""
    for _ in range(5):
        order_id = play.funded(mei, lin, sandbox)
        work = play.submit(lin, order_id)
        barrier = Barrier(6)

        def with_key(key: str, work: UUID = work) -> int:
            return int(say_yes(mei, work, key).status_code)

        def by_hand(do: Callable[[], Any]) -> int:
            with app.app_context(), suppress(NotUnderReview):
                with transaction():
                    do()
                return 201
            return 409

        deeds: list[Callable[[], int]] = [
            partial(with_key, "a"),
            partial(with_key, "b"),
            partial(with_key, "same"),
            partial(with_key, "same"),
            partial(by_hand, partial(service.accept, work, mei.actor)),
            partial(by_hand, partial(service.ask_revision, work, [{"text": "x"}], mei.actor)),
        ]

        def at_once(deed: Callable[[], int], barrier: Barrier = barrier) -> int:
            barrier.wait()
            return deed()

        with ThreadPoolExecutor(len(deeds)) as threads:
            answers = list(threads.map(at_once, deeds))

        assert set(answers) <= {201, 409}
        different = [*answers[:2], max(answers[2:4], key=lambda status: status == 201), *answers[4:]]
        assert different.count(201) == 1
        with app.app_context():
            names = [fact.name for fact in history(order_id)]
            accepted = names.count("delivery.accepted")
            assert names.count("milestone.released") == accepted == 1 - names.count("delivery.revision_asked")
    play.ledger_is_sound(app)


def test_a_key_that_was_used_for_other_work_is_refused_and_nothing_is_done(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
):
    works = [play.submit(lin, play.funded(mei, lin, sandbox)) for _ in range(2)]

    def with_one_key(work: UUID) -> Any:
        path = f"/submissions/{encode('sub', work)}/acceptance"
        return mei.api("POST", path, headers={"Idempotency-Key": "one"})

    first, other, again = with_one_key(works[0]), with_one_key(works[1]), with_one_key(works[0])

    assert (first.status_code, other.status_code, again.status_code) == (201, 422, 201)
    assert again.data == first.data and again.headers["Idempotent-Replayed"] == "true"
    with app.app_context():
        assert db.session.get_one(Submission, works[1]).is_waiting
    play.ledger_is_sound(app)


def test_while_a_call_under_the_key_is_at_work_another_hears_so_and_does_nothing(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
):
    work = play.submit(lin, play.funded(mei, lin, sandbox))
    name = lock_name(mei.actor.party_id, f"yes:{work}")
    with app.app_context(), db.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
        answer = say_yes(mei, work)
        assert answer.status_code == 409 and answer.json["type"].endswith("still-running")
    with app.app_context():
        assert db.session.get_one(Submission, work).is_waiting
    assert say_yes(mei, work).status_code == 201

"""Events from one to five times, shuffled, delayed, dropped and forged: the ledger ends as it would in order.

prove/webhooks.py holds the storm, `./vtask prove webhooks` is its long form.
"""

import json
import time
from datetime import timedelta

import pytest
from flask import Flask

from market.kit.db import db, transaction
from market.orders import queries as orders
from market.payments import connect, inbox, outbox
from market.payments.models import StripeEvent, Withdrawal
from market.payments.states import InboxState
from prove.webhooks import totals, trial
from tests import play
from tests.conftest import Player, drain_all
from tests.payments.test_webhook import EVENT, post, sign
from tests.sandbox import Sandbox

PRICE = 1_000_000


@pytest.mark.parametrize("seed", range(2))
def test_a_storm_ends_as_the_quiet_run_does(app: Flask, sandbox: Sandbox, seed: int) -> None:
    with app.app_context():
        events, answers = trial(app, sandbox, seed, orders=5)
    assert events > 5 and answers["known"] > 0


def _seconds(shift: int) -> int:
    return int(time.time()) + shift


def test_every_refusal_has_its_own_answer_and_moves_nothing(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin, price_fen=PRICE)
    sandbox.pay(play.session_of(app, play.open_checkout(mei, order_id)))
    paid = next(e for e in sandbox.new_events() if e["type"] == "checkout.session.completed")
    raw = json.dumps(paid)
    before = totals(app)

    answers = {
        "none": post(app, raw, None),
        "secret": post(app, raw, sign(raw, secret="whsec_other")),
        "old": post(app, raw, sign(raw, at=_seconds(-301))),
        "future": post(app, raw, sign(raw, at=_seconds(301 + 5))),
        "timeless": post(app, raw, "v1=abc"),
        "no event": post(app, "{}", sign("{}")),
    }
    assert {answer.status_code for answer in answers.values()} == {400}
    assert {name: answer.text for name, answer in answers.items()} == {
        "none": "no signature",
        "secret": "wrong signature",
        "old": "signed too long ago",
        "future": "signed in the future",
        "timeless": "no time in the signature",
        "no event": "not an event",
    }
    alien = json.dumps(paid | {"id": "evt_alien", "type": "payout.paid", "account": "acct_alien"})
    live = json.dumps(paid | {"id": "evt_live", "livemode": True})
    assert post(app, alien, sign(alien)).text == "another account"
    assert post(app, live, sign(live)).text == "other mode"
    with app.app_context():
        outbox.drain()
        drain_all()
        assert {row.state for row in db.session.query(StripeEvent)} == {InboxState.IGNORED}
    assert totals(app) == before


def test_what_never_came_is_found_in_stripes_own_list(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.award(mei, lin, price_fen=PRICE)
    sandbox.pay(play.session_of(app, play.open_checkout(mei, order_id)))

    with app.app_context():
        assert inbox.fetch_missed() > 0
        assert inbox.fetch_missed() == 0, "the overlap brings nothing twice"
        outbox.drain()
        drain_all()
        assert orders.find(order_id).state.value == "scripting"


def test_replayed_events_move_nothing_twice(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    before = totals(app)

    ran = app.test_cli_runner().invoke(args=["webhooks", "replay"])

    assert ran.exit_code == 0 and not ran.output.startswith("0 "), ran.output
    assert totals(app) == before
    play.ledger_is_sound(app)
    none = app.test_cli_runner().invoke(args=["webhooks", "replay", "--event", EVENT["id"]])
    assert none.output.startswith("0 events")
    assert order_id


def test_an_event_that_was_put_aside_can_be_replayed_by_name(app: Flask, sandbox: Sandbox) -> None:
    sandbox.post(EVENT)
    with app.app_context():
        outbox.drain()
        with transaction():
            assert inbox.replay(event_id=EVENT["id"]) == 1
        outbox.drain()
        row = db.session.query(StripeEvent).one()
        assert row.state is InboxState.IGNORED and row.tries == 1
        assert row.done_at is not None and row.done_at - row.received_at < timedelta(hours=1)


@pytest.mark.parametrize(("fault", "state"), [("", "paid"), ("account_closed", "bounced")])
def test_what_never_came_from_a_payees_account_is_found_in_its_own_list(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, fault: str, state: str
) -> None:
    """No event arrives and nothing is polled: the walk alone tells that the account can be paid, and what the bank
    said to the payout."""
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(73)
    sandbox.settle()
    assert lin.api("POST", "/connect/onboarding").status_code == 201
    with app.app_context():
        account = connect.of(lin.party_id)
        assert account is not None and account.stripe_id
        stripe_id = account.stripe_id
        db.session.remove()
    sandbox.onboard(stripe_id)

    def walk() -> int:
        with app.app_context():
            found = inbox.fetch_missed()
            while inbox.handle_next():
                pass
            db.session.remove()
        sandbox.new_events()  # none is delivered
        return found

    assert lin.api("GET", "/connect").json["payable"] is False
    assert walk() > 0
    assert lin.api("GET", "/connect").json["payable"] is True
    assert walk() == 0, "not due again"

    if fault:
        sandbox.fault("payout", code=fault)
    made = lin.api("POST", "/withdrawals", json={"amount_fen": 20_000}, headers={"Idempotency-Key": "w"})
    with app.app_context():
        outbox.drain()
        withdrawal = db.session.query(Withdrawal).one()
        payout_id = withdrawal.payout_id
        db.session.remove()
    assert made.status_code == 201 and payout_id
    sandbox.control("clock", advance_s=10)  # the bank's answer
    play.shift(0.2)
    assert walk() > 0
    assert lin.api("GET", f"/withdrawals/{made.json['id']}").json["state"] == state
    play.ledger_is_sound(app)


def test_an_account_that_was_closed_to_us_does_not_stop_the_walk(
    app: Flask, mei: Player, lin: Player, bo: Player, sandbox: Sandbox
) -> None:
    for payee in (lin, bo):
        assert payee.api("POST", "/connect/onboarding").status_code == 201
    with app.app_context():
        gone, there = connect.of(lin.party_id), connect.of(bo.party_id)
        assert gone and there and there.stripe_id
        gone.stripe_id = "acct_closed"
        db.session.commit()
        stripe_id = there.stripe_id
        db.session.remove()
    sandbox.onboard(stripe_id)

    with app.app_context():
        assert inbox.fetch_missed() > 0
        outbox.drain()
        assert connect.due_for_a_walk(10) == []
        db.session.remove()
    assert bo.api("GET", "/connect").json["payable"] is True

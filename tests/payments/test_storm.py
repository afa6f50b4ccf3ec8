"""Events from one to five times, shuffled, delayed, dropped and forged: the ledger ends as it would in order.

`--slow` runs the long form: more orders, more storms.
"""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from market.kit.db import db, transaction
from market.ledger import queries as books
from market.orders import queries as orders
from market.payments import entries, inbox, outbox
from market.payments.models import StripeEvent
from market.payments.states import InboxState
from tests import play
from tests.conftest import Player, drain_all
from tests.payments.test_webhook import EVENT, post, sign
from tests.sandbox import Sandbox

PRICE = 1_000_000

Totals = dict[tuple[str, str], int]


def totals(app: Flask) -> Totals:
    """What is in the accounts of each kind, and how many postings made it: whose they are differs from world to world."""
    with app.app_context():
        found = {(row.kind.value, row.currency): row.amount for row in books.totals()}
        counted = db.session.execute(text("SELECT kind, count(*) FROM ledger_postings GROUP BY kind"))
        found |= {("postings", kind): count for kind, count in counted}
        db.session.remove()
    return found


def world(app: Flask, mei: Player, lin: Player, sandbox: Sandbox, count: int) -> list[dict[str, Any]]:
    """`count` orders paid at Stripe, by card and by Alipay; the events of it, not one of them delivered."""
    for turn in range(count):
        order_id = play.award(mei, lin, price_fen=PRICE + turn)
        session = play.session_of(app, play.open_checkout(mei, order_id))
        sandbox.pay(session, method="alipay" if turn % 3 else "card")
    return sandbox.new_events()


def in_order(app: Flask, sandbox: Sandbox, events: list[dict[str, Any]]) -> Totals:
    for event in events:
        assert sandbox.post(event).status_code == 200
        with app.app_context():
            outbox.drain()
            drain_all()
    sandbox.settle()
    return totals(app)


def storm(app: Flask, sandbox: Sandbox, events: list[dict[str, Any]], seed: int) -> Counter[str]:
    """Deliver what the seed says, in four threads, handling in between; the answers by their words."""
    chance = random.Random(seed)
    posts = []
    for event in events:
        if chance.random() < 0.2:
            continue  # dropped for good: only Stripe's own list knows of it
        posts += [("event", event)] * chance.randint(1, 5)
        if chance.random() < 0.3:
            forged = json.loads(json.dumps(event))
            forged["id"] += "x"
            forged["data"]["object"]["amount_total"] = 1
            posts.append((chance.choice(("secret", "old", "future")), forged))
    chance.shuffle(posts)
    late = posts[: len(posts) // 4]  # delayed until the rest was handled

    def deliver(one: tuple[str, dict[str, Any]]) -> str:
        how, event = one
        raw = json.dumps(event)
        signature = {
            "event": lambda: sign(raw),
            "secret": lambda: sign(raw, secret="whsec_other"),
            "old": lambda: sign(raw, at=_seconds(-301)),
            "future": lambda: sign(raw, at=_seconds(900)),
        }[how]()
        return str(post(app, raw, signature).text)

    answers: Counter[str] = Counter()
    with ThreadPoolExecutor(4) as crowd:
        answers.update(crowd.map(deliver, posts[len(late) :]))
        with app.app_context():
            outbox.drain()
            drain_all()
        answers.update(crowd.map(deliver, late))
    return answers


def _seconds(shift: int) -> int:
    import time

    return int(time.time()) + shift


@pytest.mark.parametrize("seed", range(8))
def test_a_storm_ends_as_the_quiet_run_does(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, seed: int, request: pytest.FixtureRequest
) -> None:
    slow = request.config.getoption("--slow")
    if seed and not slow:
        pytest.skip("the long form: --slow")
    count = 24 if slow else 5
    events = world(app, mei, lin, sandbox, count)
    answers = storm(app, sandbox, events, seed)
    with app.app_context():
        inbox.fetch_missed()
        outbox.drain(seconds=60)
        drain_all()
    stormy = totals(app)
    with app.app_context():
        stored = db.session.query(StripeEvent).count()
        assert not db.session.query(StripeEvent).filter(StripeEvent.id.like("%x")).count(), "nothing forged"
        waiting = db.session.query(StripeEvent).filter_by(state=InboxState.WAITING).count()
        entries.bring_in()
        assert entries.sums() == {"CNY": sandbox.balance()} == {"CNY": stormy["SC", "CNY"]}
        db.session.remove()
    assert answers["stored"] <= stored and waiting == 0
    assert answers["known"] > 0 and set(answers) <= {
        "stored", "known", "wrong signature", "signed too long ago", "signed in the future",
    }  # fmt: skip

    sandbox.reset()
    from tests.conftest import empty_tables

    with app.app_context():
        funded = db.session.execute(
            text("SELECT count(*) FROM orders WHERE state = 'scripting'")
        ).scalar_one()
        assert funded == count
    again = again_in_order(app, sandbox, count, empty_tables)
    assert stormy == again


def again_in_order(app: Flask, sandbox: Sandbox, count: int, empty: Any) -> Totals:
    """The same orders in a fresh world, every event once and in its order."""
    from market.accounts import service
    from market.accounts.actor import Role
    from market.accounts.models import Verification

    players = {}
    with app.app_context():
        db.session.remove()
        empty()
        for name, role in (("mei", Role.MERCHANT), ("lin", Role.CREATOR)):
            with transaction():
                made = service.sign_up(
                    email=f"{name}@example.com", password="correct horse", name=name, role=role
                )
                made.party.verification = Verification.VERIFIED
                _key, secret = service.make_key(made.person_id, made.party_id, label="tests")
            players[name] = Player(app, name, f"{name}@example.com", made.person_id, made.party_id, secret)
    events = world(app, players["mei"], players["lin"], sandbox, count)
    return in_order(app, sandbox, events)


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

"""The storm: events delivered from one to five times, shuffled, delayed, dropped and forged; the ledger ends as it would
have if each had come once and in its order."""

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import stripe
from flask import Flask
from sqlalchemy import text

from market.kit.db import db
from market.ledger import queries as books
from market.payments import entries, inbox, outbox
from market.payments.models import StripeEvent
from market.payments.states import InboxState
from prove.ground import hold, sound
from prove.scene import fresh, stripe_of
from tests import play
from tests.conftest import Player, drain_all
from tests.sandbox import SECRET, Sandbox

PRICE = 1_000_000
ORDERS = 24
ANSWERS = {"stored", "known", "wrong signature", "signed too long ago", "signed in the future"}

Totals = dict[tuple[str, str], int]
Events = list[dict[str, Any]]


def prove(app: Flask, seconds: float, seed: int) -> dict[str, Any]:
    """Storm after storm, each in a world of its own, until the time is over."""
    sandbox, end, storms = stripe_of(app), time.monotonic() + seconds, 0
    answered: Counter[str] = Counter()
    events = 0
    while not storms or time.monotonic() < end:
        many, answers = trial(app, sandbox, seed + storms, ORDERS)
        answered, events, storms = answered + answers, events + many, storms + 1
    return {
        "storms": storms,
        "orders_each": ORDERS,
        "events": events,
        "deliveries": sum(answered.values()),
        "taken": answered["stored"],
        "known_before": answered["known"],
        "forged_refused": sum(answered.values()) - answered["stored"] - answered["known"],
        "ledgers_that_differ": 0,
    }


def trial(app: Flask, sandbox: Sandbox, seed: int, orders: int) -> tuple[int, Counter[str]]:
    """One storm and the same orders in order; how many events there were, and how the deliveries were answered."""
    events = world(*fresh(app, sandbox), sandbox, orders)
    answers = storm(app, sandbox, events, seed)
    with app.app_context():
        inbox.fetch_missed()
        outbox.drain(seconds=60)
        drain_all()
    stormy = totals(app)
    with app.app_context():
        stored = db.session.query(StripeEvent).count()
        forged = db.session.query(StripeEvent).filter(StripeEvent.id.startswith("evt_forged_")).count()
        waiting = db.session.query(StripeEvent).filter_by(state=InboxState.WAITING).count()
        funded = db.session.scalar(text("SELECT count(*) FROM orders WHERE state = 'scripting'"))
        entries.bring_in()
        ours, theirs = entries.sums(), sandbox.balance()
        db.session.remove()
    hold(forged == 0, f"{forged} forged events were taken")
    hold(waiting == 0, f"{waiting} events were never handled")
    hold(funded == orders, f"{funded} of {orders} orders are paid")
    hold(answers["stored"] <= stored and answers["known"] > 0, answers)
    hold(set(answers) <= ANSWERS, answers)
    hold(
        ours == {"CNY": theirs} == {"CNY": stormy["SC", "CNY"]},
        f"Stripe has {theirs}, its entries come to {ours}, the ledger says {stormy['SC', 'CNY']}",
    )
    sound()

    quiet = in_order(app, sandbox, world(*fresh(app, sandbox), sandbox, orders))
    differ = {key for key in stormy.keys() | quiet.keys() if stormy.get(key) != quiet.get(key)}
    hold(not differ, {key: (stormy.get(key), quiet.get(key)) for key in differ})
    sound()
    return len(events), answers


def totals(app: Flask) -> Totals:
    """What is in the accounts of each kind, and how many postings made it: whose they are differs from world to world."""
    with app.app_context():
        found = {(row.kind.value, row.currency): row.amount for row in books.totals()}
        counted = db.session.execute(text("SELECT kind, count(*) FROM ledger_postings GROUP BY kind"))
        found |= {("postings", kind): count for kind, count in counted}
        db.session.remove()
    return found


def world(mei: Player, lin: Player, sandbox: Sandbox, count: int) -> Events:
    """`count` orders paid at Stripe, by card and by Alipay; the events of it, not one of them delivered."""
    for turn in range(count):
        order_id = play.award(mei, lin, price_fen=PRICE + turn)
        session = play.session_of(mei.app, play.open_checkout(mei, order_id))
        sandbox.pay(session, method="alipay" if turn % 3 else "card")
    return sandbox.new_events()


def in_order(app: Flask, sandbox: Sandbox, events: Events) -> Totals:
    """Every event once, and handled before the next comes."""
    for event in events:
        answer = sandbox.post(event)
        hold(answer.status_code == 200, answer.text)
        with app.app_context():
            outbox.drain()
            drain_all()
    sandbox.settle()
    return totals(app)


def storm(app: Flask, sandbox: Sandbox, events: Events, seed: int) -> Counter[str]:
    """Deliver what the seed says, in four threads, handling in between; the answers by their words."""
    chance = random.Random(seed)
    posts = []
    for event in events:
        if chance.random() < 0.2:
            continue  # dropped for good: only Stripe's own list knows of it
        posts += [("event", event)] * chance.randint(1, 5)
        if chance.random() < 0.3:
            forged = json.loads(json.dumps(event))
            forged["id"] = event["id"].replace("evt_", "evt_forged_")
            forged["data"]["object"]["amount_total"] = 1
            posts.append((chance.choice(("secret", "old", "future")), forged))
    chance.shuffle(posts)
    late = posts[: len(posts) // 4]  # delayed until the rest was handled

    def deliver(one: tuple[str, dict[str, Any]]) -> str:
        how, event = one
        raw, here = json.dumps(event), int(time.time())
        secret = "whsec_other" if how == "secret" else SECRET
        at = {"old": here - 301, "future": here + 900}.get(how, here)
        signature = stripe.WebhookSignature.generate_signature_header(raw, secret, at)
        headers = {"Stripe-Signature": signature}
        return str(app.test_client().post("/webhooks/stripe", data=raw, headers=headers).text)

    answers: Counter[str] = Counter()
    with ThreadPoolExecutor(4) as crowd:
        answers.update(crowd.map(deliver, posts[len(late) :]))
        with app.app_context():
            outbox.drain()
            drain_all()
        answers.update(crowd.map(deliver, late))
    return answers

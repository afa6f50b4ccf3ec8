"""Refunds: no more than was paid, booked when Stripe books them, and never lost when a bank says no."""

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from market.accounts.actor import SYSTEM
from market.kit.db import db, transaction
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import exits, queries
from market.orders.endings import Cause, go_on
from market.payments import refunds
from market.payments.errors import RefundTooLarge
from market.payments.refunds import Reason, Refund, RefundState
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

PRICE = 1_000_000


def end(
    app: Flask, order_id: object, creators: dict[str, int] | None = None, *, to_wallet: bool = False
) -> None:
    with app.app_context(), transaction():
        order = queries.find(order_id, lock=True)  # type: ignore[arg-type]
        parts = {m.id: (creators or {}).get(m.kind.value, 0) for m in order.milestones}
        exits.end_stages(order, parts, cause=Cause.EXIT, reason=Reason.EXIT, to_wallet=to_wallet, by=SYSTEM)
        go_on(order, SYSTEM)


def only(app: Flask) -> Refund:
    with app.app_context():
        return db.session.scalars(select(Refund)).one()


@pytest.mark.parametrize("method", ["card", "alipay"])
def test_a_refund_leaves_by_the_way_the_money_came(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, method: str
) -> None:
    order_id = play.award(mei, lin, price_fen=PRICE)
    play.fund(mei, sandbox, order_id, method=method)
    before = sandbox.balance()

    end(app, order_id, {"script": 50_000})
    assert play.balance(app, "RF", only(app).id) == 950_000
    sandbox.settle()

    assert sandbox.balance() == before - 950_000
    assert play.balance(app, "RF", only(app).id) == 0
    sandbox.control("clock", advance_s=30 * 86_400)
    sandbox.settle()
    assert only(app).state is RefundState.SUCCEEDED
    play.ledger_is_sound(app)
    sandbox.check()


def test_what_the_bank_sends_back_is_in_the_wallet_and_may_go_again(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    before = sandbox.balance()
    sandbox.fault("refund", reason="lost_or_stolen_card")
    end(app, order_id)
    sandbox.settle()
    sandbox.control("clock", advance_s=30 * 86_400)
    sandbox.settle()

    failed = only(app)
    assert failed.state is RefundState.FAILED and failed.failure == "lost_or_stolen_card"
    assert sandbox.balance() == before
    assert play.balance(app, "MW", mei.party_id) == PRICE
    assert mei.api("GET", "/notices").json["data"][0]["event"] == "refund.failed"
    play.ledger_is_sound(app)

    with app.app_context(), transaction():
        refunds.withdraw_wallet(mei.party_id, 300_000, SYSTEM)
    sandbox.settle()
    assert sandbox.balance() == before - 300_000
    assert play.balance(app, "MW", mei.party_id) == 700_000
    play.ledger_is_sound(app)


def test_more_than_is_left_of_the_charges_is_refused(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    end(app, order_id, {"script": 100_000}, to_wallet=True)
    with app.app_context():
        with pytest.raises(RefundTooLarge), transaction():
            refunds.withdraw_wallet(mei.party_id, PRICE + 1, SYSTEM)
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text("UPDATE checkouts SET refunded_fen = received_fen + 1"))
    assert play.balance(app, "MW", mei.party_id) == 900_000
    play.ledger_is_sound(app)


def test_a_refund_stripe_refuses_goes_to_the_wallet(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    with app.app_context():
        # Somebody refunded in Stripe's dashboard what is ours to refund.
        import stripe

        from market.payments import gateway
        from market.payments.models import Checkout

        charge = db.session.scalars(select(Checkout.charge_id)).one()
        assert isinstance(gateway.client(), stripe.StripeClient)
        gateway.client().v1.refunds.create({"charge": str(charge)})
    end(app, order_id)
    sandbox.settle()

    assert only(app).state is RefundState.FAILED and only(app).failure == "charge_already_refunded"
    assert play.balance(app, "MW", mei.party_id) == PRICE


def test_a_refund_is_spread_over_the_charges_that_paid(app: Flask, mei: Player) -> None:
    """The legs bring each refund and the wallet exactly what they are due, whatever the sources."""
    from uuid import uuid4

    made = [Refund(id=uuid4(), amount_fen=fen) for fen in (700, 250)]
    back = refunds.Back(made, mei.party_id, 50)
    sources = [(Account(AccountKind.ESCROW_MILESTONE, uuid4()), fen) for fen in (1, 800, 199)]

    legs = back.legs(sources)

    for (account, fen), mine in zip(sources, legs, strict=True):
        assert {leg.debit for leg in mine} == {account} and sum(leg.fen for leg in mine) == fen
    flat: list[Leg] = [leg for mine in legs for leg in mine]
    for refund in made:
        assert sum(leg.fen for leg in flat if leg.credit == refund.transit) == refund.amount_fen
    assert sum(leg.fen for leg in flat if leg.credit.kind is AccountKind.MERCHANT_WALLET) == 50
    assert PostingKind.REFUND


def test_events_lost_the_poll_finds_how_it_ended(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    from market.payments import outbox

    order_id = play.award(mei, lin, price_fen=PRICE)
    play.fund(mei, sandbox, order_id, method="alipay")
    end(app, order_id)
    with app.app_context():
        outbox.drain()
    assert only(app).state is RefundState.PENDING
    sandbox.control("clock", advance_s=30 * 86_400)
    sandbox.new_events()
    play.shift(24)

    with app.app_context():
        outbox.drain()

    assert only(app).state is RefundState.SUCCEEDED
    play.ledger_is_sound(app)


def test_an_answer_lost_on_the_way_refunds_once(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox, price_fen=PRICE)
    before = sandbox.balance()
    end(app, order_id)
    sandbox.fault("api", path_prefix="/v1/refunds", after_commit=True, times=3)
    sandbox.settle()
    play.shift(1)
    sandbox.settle()

    assert sandbox.balance() == before - PRICE
    play.ledger_is_sound(app)

"""Every kind of fault between Stripe, the ledger and the orders is found, named, and stops what it must stop."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from market.accounts.actor import SYSTEM
from market.kit.db import db, transaction
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.checks import check_all
from market.ledger.movements import Leg, PostingKind
from market.orders import queries as orders
from market.payments import entries, holds
from market.payments.alarms import alarms
from market.reconciliation import service
from market.reconciliation.models import Difference, Kind, Run, RunState, Scope
from prove import reconcile
from prove.reconcile import charge_of, frozen, stripe, tampering
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

K = AccountKind
PRICE = 1_000_000


def run(app: Flask, scope: Scope = Scope.WHOLE) -> dict[tuple[str, UUID | None], Difference]:
    """One run; the open differences by kind and order."""
    return {(each.kind.value, each.order_id): each for each in reconcile.run(app, scope)}


@pytest.fixture
def world(app: Flask, cast: dict[str, Player], sandbox: Sandbox) -> tuple[UUID, UUID]:
    """Two paid orders, and the platform's own cash for Stripe's fees: all agrees."""
    first, second = reconcile.world(app, cast["mei"], cast["lin"], sandbox, 2)
    play.ledger_is_sound(app)
    return first, second


@pytest.mark.parametrize("seed", range(2))
def test_every_seeded_fault_is_found(app: Flask, sandbox: Sandbox, seed: int) -> None:
    """prove/reconcile.py holds the faults, `./vtask prove reconcile` is the long form."""
    with app.app_context():
        assert reconcile.trial(app, sandbox, seed)


def test_a_day_from_payment_to_bank_agrees_to_the_fen(
    app: Flask, cast: dict[str, Player], world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    play.onboard(lin, sandbox)
    play.accept(mei, play.submit(lin, world[0]))
    play.shift(24 * 5)
    sandbox.settle()
    answer = lin.api("POST", "/withdrawals", json={"amount_fen": 5_000}, headers={"Idempotency-Key": "out-1"})
    assert answer.status_code == 201, answer.text
    sandbox.settle()

    assert run(app) == {}
    with app.app_context():
        assert entries.sums() == {"CNY": sandbox.balance()}
        unpaired = db.session.query(entries.StripeEntry).filter_by(posting_id=None).count()
        assert unpaired == 0
    assert play.balance(app, "SC") == sandbox.balance()
    assert play.balance(app, "PF") == 1_000_000


def test_a_second_charge_for_an_order_freezes_that_order_and_no_other(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    with app.app_context():
        number = orders.find(world[0]).number
    stripe(
        sandbox, "POST", "payment_intents", amount=PRICE, currency="cny", confirm="true",
        payment_method="pm_card_visa", description=f"{number} again",
    )  # fmt: skip

    found = run(app)
    assert ("entry_alone", world[0]) in found, "found at once"
    assert not frozen(app, world[0]), "it may be on its way for an hour"
    play.shift(2)
    found = run(app)

    assert found["entry_alone", world[0]].seen == 2, "found again it is the same row"
    assert frozen(app, world[0]) and not frozen(app, world[1])
    with app.app_context():
        kinds = [event.data["kind"] for event in db.session.scalars(alarms())]
        assert kinds.count("reconciliation") == 1


def test_a_removed_posting_is_found_from_both_sides(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    charge = charge_of(app, world[1])
    with tampering(app) as connection:
        connection.execute(
            text(
                "DELETE FROM ledger_transfers WHERE posting_id IN"
                " (SELECT id FROM ledger_postings WHERE external_ref = :charge)"
            ),
            {"charge": charge},
        )
        connection.execute(
            text("DELETE FROM ledger_postings WHERE external_ref = :charge"), {"charge": charge}
        )
    play.shift(2)

    found = run(app)

    assert ("entry_alone", world[1]) in found
    assert {kind for kind, _ in found} >= {"entry_alone", "ledger"}
    assert frozen(app, world[1]) and not frozen(app, world[0])


def test_an_amount_changed_in_the_ledger_is_found(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    with tampering(app) as connection:
        connection.execute(
            text(
                "UPDATE ledger_transfers SET amount = amount - 1 WHERE leg = 1 AND posting_id IN"
                " (SELECT id FROM ledger_postings WHERE external_ref = :charge)"
            ),
            {"charge": charge_of(app, world[0])},
        )

    found = run(app, Scope.MONEY)

    difference = found["amount", world[0]]
    assert difference.off_fen == -1
    assert frozen(app, world[0]) and not frozen(app, world[1])
    assert any(kind == "ledger" for kind, _ in found)


def test_a_refund_that_is_missing_here_is_found(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    stripe(sandbox, "POST", "refunds", charge=charge_of(app, world[0]), amount=12_345)
    sandbox.deliver()
    play.shift(2)

    found = run(app, Scope.MONEY)

    alone = [each for (kind, _), each in found.items() if kind == "entry_alone"]
    assert [each.theirs_fen for each in alone] == [-12_345]


def test_a_posting_for_what_stripe_never_did_is_found(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    with app.app_context(), transaction():
        ledger.post(
            PostingKind.CHARGE,
            "charge:ch_never",
            [Leg(Account(K.STRIPE_CLEARING), Account(K.ESCROW_UNALLOCATED, world[1]), 777)],
            source=("order", world[1]),
            external_ref="ch_never",
        )
    play.shift(2)

    found = run(app)

    assert found["posting_alone", world[1]].ours_fen == 777
    assert ("order", world[1]) in found, "the order has not received that either"
    assert frozen(app, world[1]) and not frozen(app, world[0])


def test_what_nobody_knows_goes_into_suspense_and_a_payout_of_others_money_too(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    sandbox.control("adjustments", amount=4_200)
    stripe(sandbox, "POST", "payouts", amount=1_500_000, currency="cny")
    stripe(sandbox, "POST", "payouts", amount=10_000, currency="cny")

    found = run(app, Scope.MONEY)

    with app.app_context():
        suspended = sorted(
            each.ours_fen or 0 for each in service.open_differences() if each.kind is Kind.SUSPENSE
        )
        kinds = [event.data["kind"] for event in db.session.scalars(alarms())]
    assert suspended == [-1_500_000, 4_200]
    assert kinds.count("unknown_entry") == 2
    assert play.balance(app, "PF") == 990_000, "the small one was our own money"
    assert ("cover", None) in found, "what we owe is not at Stripe any more"
    assert play.balance(app, "SC") == sandbox.balance()


def test_what_is_a_day_old_stops_payouts_and_going_on_is_by_itself(
    app: Flask, cast: dict[str, Player], world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    mei, lin = cast["mei"], cast["lin"]
    play.onboard(lin, sandbox)
    play.accept(mei, play.submit(lin, world[0]))
    play.shift(24 * 5)
    sandbox.settle()
    with app.app_context(), transaction():
        entries.advance("entries", entries.now())
        db.session.execute(
            text(
                "INSERT INTO stripe_entries (id, account, type, amount, fee, net, currency, source, description,"
                " booked_at, available_on, imported_at) VALUES ('txn_ghost', '', 'charge', 5, 0, 5, 'CNY', 'ch_ghost',"
                " '', now() - interval '30 hours', now(), now())"
            )
        )

    run(app, Scope.MONEY)
    body = {"amount_fen": 5_000}
    refused = lin.api("POST", "/withdrawals", json=body, headers={"Idempotency-Key": "out-1"})
    assert refused.status_code == 409 and refused.json["type"].endswith("payouts-paused"), refused.text
    with app.app_context():
        assert holds.current() is not None
        with transaction():
            db.session.execute(text("DELETE FROM stripe_entries WHERE id = 'txn_ghost'"))

    assert run(app, Scope.MONEY) == {}
    assert lin.api("POST", "/withdrawals", json=body, headers={"Idempotency-Key": "out-2"}).status_code == 201


def test_resolved_differences_thaw_their_order(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    with app.app_context(), transaction():
        db.session.execute(text("UPDATE orders SET state = 'completed' WHERE id = :id"), {"id": world[0]})
    assert ("order", world[0]) in run(app)
    assert frozen(app, world[0])
    assert ("order", world[0]) in run(app, Scope.MONEY), "a run that did not look does not resolve"

    with app.app_context(), transaction():
        db.session.execute(text("UPDATE orders SET state = 'scripting' WHERE id = :id"), {"id": world[0]})
    assert run(app) == {}
    assert not frozen(app, world[0])


def test_a_killed_import_leaves_no_hole_and_a_killed_run_is_taken_over(
    app: Flask,
    cast: dict[str, Player],
    world: tuple[UUID, UUID],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for amount in (11, 12, 13, 14, 15):
        sandbox.control("adjustments", amount=amount)
    monkeypatch.setattr(entries, "PAGE", 2)

    def killed(seen: int) -> None:
        if seen >= 4:
            raise KeyboardInterrupt

    with app.app_context():
        with pytest.raises(KeyboardInterrupt):
            entries.bring_in(killed)
        db.session.remove()
        with transaction():
            begun = service.ask(SYSTEM)
            begun.state, begun.beat_at = RunState.RUNNING, entries.now() - service.SILENT * 2
        taken = service.do_next()
        assert taken is not None and taken.id == begun.id and taken.state is RunState.DONE
        assert entries.sums() == {"CNY": sandbox.balance()}
        assert service.do_next() is None


def test_two_schedulers_make_one_run_of_an_hour(app: Flask, world: tuple[UUID, UUID]) -> None:
    with app.app_context():
        before = db.session.query(Run).count()
        service.ask_by_the_clock()
        service.ask_by_the_clock()
        assert db.session.query(Run).count() == before + 1


def test_without_stripe_the_run_says_so_and_changes_nothing(
    app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox
) -> None:
    sandbox.fault("api", path_prefix="/v1/balance_transactions", method="GET", status=500, times=5)
    with app.app_context():
        done = service.run_now()
        assert done.state is RunState.FAILED and done.error == "stripe_away"
        assert service.open_differences() == []


def test_the_command_finds_what_the_run_finds(app: Flask, world: tuple[UUID, UUID], sandbox: Sandbox) -> None:
    clean = app.test_cli_runner().invoke(args=["reconcile", "run"])
    assert clean.exit_code == 0 and "Nothing differs." in clean.output, clean.output

    sandbox.control("adjustments", amount=4_200)
    found = app.test_cli_runner().invoke(args=["reconcile", "run"])

    assert found.exit_code == 1 and "suspense" in found.output and "42.00" in found.output, found.output


def test_i8_and_i9_are_told_by_the_check_of_the_books_too(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    """After a run: cash that is missing for Stripe's fees, and an entry that does not say what was posted."""

    def broken() -> set[str]:
        with app.app_context():
            found = {each.rule for each in check_all()}
            db.session.remove()
        return found

    play.funded(mei, lin, sandbox, price_fen=PRICE)
    play.shift(26)
    run(app)
    assert broken() == {"reconciliation: cover"}
    stripe(sandbox, "POST", "topups", amount=1_000_000, currency="cny")
    sandbox.control("clock", advance_s=5 * 24 * 3600)
    play.shift(24 * 5)
    sandbox.settle()
    run(app)
    assert broken() == set()

    with app.app_context():
        db.session.execute(text("UPDATE stripe_entries SET net = net + 1 WHERE type = 'charge'"))
        db.session.commit()

    assert broken() == {"reconciliation: stripe"}

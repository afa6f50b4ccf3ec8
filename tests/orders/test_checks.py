"""The checks between orders and ledger find what is seeded, and nothing else."""

import pytest
from flask import Flask
from sqlalchemy import text

from market.kit.db import db
from market.ledger.accounts import NOBODY
from market.orders.checks import CHECKS, check
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

DAMAGE = {
    "change": "UPDATE orders SET price_fen = price_fen + 1",
    "subsidy": "INSERT INTO subsidies (name, kind, percent_bps, fixed_fen, cap_fen, least_price_fen, budget_fen,"
    " taken_fen, audience, starts_at, ends_at) VALUES ('', 'coupon', 0, 5, 5, 0, 5, 5, 'all', now(),"
    " now() + interval '1 day');"
    " INSERT INTO subsidy_grants (subsidy_id, subject_id, party_id, kind, amount_fen, used_fen, returned_fen,"
    " refunded_fen, times)"
    " SELECT s.id, o.id, o.merchant_id, 'coupon', 5, 5, 0, 0, 1 FROM orders o, subsidies s",
    "budget": "INSERT INTO subsidies (name, kind, percent_bps, fixed_fen, cap_fen, least_price_fen, budget_fen,"
    " taken_fen, audience, starts_at, ends_at) VALUES ('', 'coupon', 0, 5, 5, 0, 5, 5, 'all', now(),"
    " now() + interval '1 day')",
    "funding": "UPDATE milestones SET funded_at = NULL WHERE kind = 'published'",
    "wallet": "UPDATE checkouts SET purpose = 'top_up' WHERE state = 'paid'",
    "deposit": "UPDATE checkouts SET received_fen = received_fen + 1 WHERE state = 'paid'",
    "release": "UPDATE milestones SET released_fen = 1, fee_fen = 0, agency_fen = 0, tax_fen = 0,"
    " creator_fen = 1 WHERE kind = 'published'",
    "ending": "INSERT INTO milestone_endings (milestone_id, order_id, outcome, cause, released_fen, returned_fen,"
    " decided_at) SELECT id, order_id, 'refund', 'exit', 0, amount_fen, now() FROM milestones WHERE kind = 'draft'",
    "cooling": "UPDATE earnings SET taken_fen = 1",
    "earning": "UPDATE earnings SET amount_fen = amount_fen + 1",
    "withdrawal": "INSERT INTO withdrawals (id, party_id, amount_fen, key, state, account, failure)"
    " SELECT uuidv7(), party_id, 5, 'k', 'requested', 'acct_1', '' FROM earnings LIMIT 1",
    "surplus": "SELECT ledger_post('fund', 'x', 'CNY', 'order', id, ARRAY['PRO'], ARRAY['"
    + str(NOBODY)
    + "'::uuid], ARRAY['EU'], ARRAY[id], ARRAY[5]) FROM orders; UPDATE orders SET state = 'completed'",
    "stage_refund": "INSERT INTO stage_refunds (order_id, milestone_id, amount_fen, creator_fen, agency_fen, fee_fen,"
    " tax_fen, owed_fen, to_wallet, reason) SELECT order_id, id, 5, 5, 0, 0, 0, 0, false, '' FROM milestones"
    " WHERE kind = 'script'",
    "shares": "UPDATE milestones SET fee_fen = fee_fen - 1, creator_fen = creator_fen + 1 WHERE released_fen > 0",
    "stage": "UPDATE orders SET state = 'completed'",
}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_damage_is_found(app: Flask, mei: Player, lin: Player, sandbox: Sandbox, name: str) -> None:
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    with app.app_context():
        assert check() == []

        db.session.execute(text(DAMAGE[name]))
        found = check()
        db.session.rollback()

    assert any(line.startswith(name) for line in found), found

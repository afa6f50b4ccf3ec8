"""The operators' money control: every kind of account with its sum, and the ledger's word on itself."""

from market.ledger import queries
from market.ledger.accounts import AccountKind
from tests.conftest import Player
from tests.publication import acts


def test_what_came_in_stands_against_what_is_owed(app, ctx, mei: Player, lin: Player, zhou: Player):
    acts.accepted(mei, lin)

    sums = {row.kind: row.amount for row in queries.totals()}

    assert sums.pop(AccountKind.STRIPE_CLEARING) == 400_000 == sum(sums.values())
    page = zhou.browser().get("/ops/ledger").text
    assert "账是平的" in page
    assert "阶段托管" in page
    assert "¥4,000.00" in page


def test_it_is_for_operators_only(mei: Player):
    assert mei.browser().get("/ops/ledger").status_code == 403

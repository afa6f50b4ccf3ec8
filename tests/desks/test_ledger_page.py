"""The operators' money control: every kind of account with its sum, and what the checks of the books say."""

from market.ledger import queries
from market.ledger.accounts import AccountKind
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox


def test_what_came_in_stands_against_what_is_owed(
    app, ctx, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
):
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))

    sums = {row.kind: row.amount for row in queries.totals()}

    have = sums.pop(AccountKind.STRIPE_CLEARING) + sums.pop(AccountKind.STRIPE_FEES)
    assert have == sum(sums.values()) > 0
    page = zhou.browser().get("/ops/ledger").text
    assert "账是平的" in page
    assert "阶段托管" in page
    assert f"¥{have / 100:,.2f}" not in page  # fees were taken off on the way
    assert f"¥{sums[AccountKind.ESCROW_MILESTONE] / 100:,.2f}" in page


def test_it_is_for_operators_only(mei: Player):
    assert mei.browser().get("/ops/ledger").status_code == 403

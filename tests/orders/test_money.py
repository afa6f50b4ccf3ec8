"""Yuan by yuan: every view sums to the price, and nobody sees what is not theirs to see."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from market.delivery import service
from market.kit.db import transaction
from market.kit.ids import encode
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

PRICE = 777_777


@pytest.fixture
def order_id(cast: dict[str, Player], sandbox: Sandbox) -> UUID:
    return play.funded(cast["mei"], cast["lin"], sandbox, agency=cast["ada"], price_fen=PRICE)


def money(who: Player, order_id: UUID) -> Any:
    return who.api("GET", f"/orders/{encode('ord', order_id)}/money").json


def test_every_view_sums_to_the_price_at_every_stage(
    app: Flask, cast: dict[str, Player], order_id: UUID
) -> None:
    mei, lin = cast["mei"], cast["lin"]

    def check() -> None:
        for name in ("mei", "lin", "ada", "zhou"):
            shown = money(cast[name], order_id)
            assert sum(t["fen"] for t in shown["totals"]) == PRICE == shown["price_fen"], name
            for row in shown["rows"]:
                assert sum(part["fen"] for part in row["parts"]) == row["amount_fen"], name

    check()
    play.accept(mei, play.submit(lin, order_id))
    check()
    play.accept(mei, play.submit(lin, order_id, "video"))
    check()
    with app.app_context(), transaction():
        service.land(order_id, {})
    check()


def test_each_sees_what_concerns_him(cast: dict[str, Player], order_id: UUID, sandbox: Sandbox) -> None:
    play.accept(cast["mei"], play.submit(cast["lin"], order_id))
    play.shift(73)
    sandbox.settle()

    views = {name: money(cast[name], order_id) for name in ("mei", "lin", "ada", "zhou")}
    what = {name: {t["what"] for t in view["totals"]} for name, view in views.items()}
    words = {name: str(view) for name, view in views.items()}

    assert what["mei"] == {"held", "released"}
    assert what["lin"] == {"creator", "agency", "fee", "tax"} == what["zhou"]
    assert what["ada"] == {"agency", "rest"}
    assert "平台服务费" not in words["mei"] and "机构" not in words["mei"] and "税" not in words["mei"]
    assert "平台服务费" not in words["ada"] and "创作者 ·" not in words["ada"]
    assert "支付通道费" in words["zhou"]
    assert all("支付通道费" not in words[name] for name in ("mei", "lin", "ada"))
    # What became of the agency's money after the release is the agency's affair.
    assert "机构 · 可提现" not in words["lin"] and "创作者 · 可提现" in words["lin"]
    first = views["lin"]["rows"][0]["parts"][0]
    assert (first["what"], first["status"]) == ("creator", "available")


def test_behind_each_line_stands_its_posting(cast: dict[str, Player], order_id: UUID) -> None:
    play.accept(cast["mei"], play.submit(cast["lin"], order_id))

    shown = money(cast["zhou"], order_id)

    assert [p["kind"] for p in shown["postings"]] == ["charge", "award"]
    (release,) = shown["rows"][0]["postings"]
    assert release["kind"] == "release"
    assert sum(leg["fen"] for leg in release["legs"]) == shown["rows"][0]["amount_fen"]


def test_an_unpaid_order_holds_nothing(cast: dict[str, Player]) -> None:
    order_id = play.award(cast["mei"], cast["lin"], price_fen=PRICE)

    shown = money(cast["mei"], order_id)

    assert shown["totals"] == [{"what": "awaiting", "fen": PRICE}] and shown["paid_fen"] == 0
    assert shown["postings"] == []


def test_the_shares_always_sum_to_the_amount() -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    from market.orders.shares import Shares

    rate = st.integers(0, 10_000)

    # A busy machine is slow to draw numbers: that is no finding about shares.
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(0, 10**12), rate, rate, rate)
    def exact(amount: int, fee: int, commission: int, tax: int) -> None:
        shares = Shares.of(amount, fee_bps=fee, commission_bps=commission, tax_bps=tax)
        assert shares.total == amount and min(shares) >= 0

    exact()

"""No order holds money for ninety days without a person's task."""

from flask import Flask

from market.kit.db import transaction
from market.orders import overdue
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox


def look(app: Flask) -> int:
    with app.app_context(), transaction():
        return overdue.find_overdue()


def test_ninety_days_are_a_task_until_somebody_has_looked(
    app: Flask, cast: dict[str, Player], sandbox: Sandbox
) -> None:
    play.funded(cast["mei"], cast["lin"], sandbox, price_fen=1_000_000)
    play.shift(89 * 24)
    sandbox.settle()
    assert look(app) == 0

    play.shift(25)
    assert look(app) == 1
    assert look(app) == 0, "one task at a time"
    sandbox.settle()
    assert cast["zhou"].api("GET", "/notices").json["data"][0]["event"] == "order.held_long"
    zhou = cast["zhou"].browser()
    page = zhou.get("/ops/disputes").text
    assert "¥10,000.00" in page
    action = page.split("/ops/held/")[1].split('"')[0]
    done = submit(zhou, "/ops/disputes", f"/ops/held/{action}", text="已联系双方，商家将申请结束。")

    assert done.status_code == 303, done.text
    assert look(app) == 0
    play.shift(15 * 24)
    assert look(app) == 1, "the money is still there"


def test_an_order_that_is_over_is_nobodys_task(app: Flask, cast: dict[str, Player], sandbox: Sandbox) -> None:
    from tests.payments.test_refunds import end

    end(app, play.funded(cast["mei"], cast["lin"], sandbox), to_wallet=True)
    play.shift(100 * 24)
    sandbox.settle()

    assert look(app) == 0

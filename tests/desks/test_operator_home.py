"""The operators' home counts what of the money waits for them, and says when nothing goes out."""

import re

from flask import Flask

from market.kit.db import transaction
from market.payments import holds
from tests import play
from tests.conftest import Player
from tests.payments import bank
from tests.reconciliation.test_faults import run
from tests.sandbox import Sandbox


def test_what_of_the_money_waits_is_counted(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    bank.dispute(app, sandbox, order_id)
    sandbox.control("adjustments", amount=4_200)
    run(app)
    with app.app_context(), transaction():
        holds.hold("differs")

    page = zhou.browser().get("/ops").text

    counted = {label: int(n) for n, label in re.findall(r"<strong>(\d+)</strong><span>([^<]+)</span>", page)}
    assert counted["拒付待提交证据"] == 1 and counted["对账差异"] >= 1 and counted["待开发票"] == 0
    assert "全部提现已暂停" in page

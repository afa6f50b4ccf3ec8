"""The withdrawal at a screen: what arrives and what the button takes, while the amount is typed."""

from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from market.kit import figures as figures_module
from tests import play
from tests.conftest import Player
from tests.front.conftest import Reader, site
from tests.sandbox import Sandbox

__all__ = ["site"]


def test_the_fee_and_what_arrives_stand_there_before_the_click(
    app: Flask,
    mei: Player,
    lin: Player,
    sandbox: Sandbox,
    chromium: Browser,
    site: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("market.payments.pages.figures", replace(figures_module.figures, payout_fee_fen=200))
    order_id = play.funded(mei, lin, sandbox)
    play.accept(mei, play.submit(lin, order_id))
    play.shift(73)
    sandbox.settle()
    play.onboard(lin, sandbox)
    reader = Reader(chromium, site, 390)
    reader.sign_in(lin)

    reader.page.goto("/u/income")
    form = reader.page.locator("[data-withdraw]")

    expect(form.locator("[data-net]")).to_have_text("¥919.50")
    expect(form.locator("button")).to_contain_text("确认提现 ¥921.50")
    expect(form.locator("button")).to_contain_text("到 STRIPE TEST BANK")
    form.locator("[name=amount]").fill("100.5")
    expect(form.locator("[data-net]")).to_have_text("¥98.50")
    expect(form.locator("button")).to_contain_text("确认提现 ¥100.50")
    for none in ("1e3", "921.51"):
        form.locator("[name=amount]").fill(none)
        expect(form.locator("[data-net]")).to_have_text("提现金额减去 ¥2.00 手续费")
    assert not reader.faults() and not reader.complaints

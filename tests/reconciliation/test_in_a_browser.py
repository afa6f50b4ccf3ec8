"""The desk of reconciliation and the documents at a screen: both widths, both languages, nothing axe finds fault with."""

from flask import Flask
from playwright.sync_api import Browser

from market.kit.db import transaction
from market.kit.ids import encode
from market.orders import freezes
from market.orders.freezes import FreezeSource
from market.reconciliation import service
from tests.conftest import Player
from tests.front.conftest import Reader, site
from tests.invoices.test_documents import completed
from tests.reconciliation.test_faults import run
from tests.sandbox import Sandbox

__all__ = ["site"]


def test_pages_are_readable_at_both_widths_in_both_languages(
    app: Flask, mei: Player, lin: Player, zhou: Player, sandbox: Sandbox, chromium: Browser, site: str
) -> None:
    order_id = completed(app, mei, lin, sandbox)
    sandbox.control("adjustments", amount=4_200)
    run(app)
    asked = mei.api(
        "POST",
        "/fapiao-requests",
        json={"title": "杭州山野咖啡有限公司", "tax_number": "91350100M000100Y43", "email": "a@example.com",
              "amount_fen": 50_000},
    )  # fmt: skip
    assert asked.status_code == 201, asked.text
    with app.app_context():
        with transaction():
            freezes.freeze(order_id, FreezeSource.OPERATOR, "核对付款人", by=zhou.actor)
        known = encode("dif", service.open_differences()[0].id)

    pages = [
        (zhou, ("/ops/reconciliation", f"/ops/reconciliation/{known}", "/ops/fapiao")),
        (mei, ("/m/documents",)),
        (lin, ("/u/documents",)),
    ]
    for who, addresses in pages:
        reader = Reader(chromium, site)
        reader.sign_in(who)
        reader.looks_at(*addresses)
        reader.context.close()

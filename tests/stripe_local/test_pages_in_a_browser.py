"""The hosted pages in Chromium: phone and desk, both languages, light and dark, and nothing to complain about."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import AXE, TAGS
from tests.stripe_local.conftest import ROOT, Sandbox

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
PHONE, DESK = (390, "zh-CN", "light"), (1280, "en-US", "dark")
ONE = pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=["phone"])
BOTH = pytest.mark.parametrize("visit", [PHONE, DESK], indirect=True, ids=["phone", "desk"])


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The merchant's site, on another origin than the payment page."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><html lang=en><title>Shop</title><link rel=icon href=data:,><h1>{self.path}</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Visit:
    """One person at one screen; leaving fails on any console error, script error or accessibility fault."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.complaints: list[str] = []
        page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def look(self, name: str) -> None:
        self.page.evaluate(AXE.read_text("utf-8"))
        run = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})"
        for fault in self.page.evaluate(run, TAGS)["violations"]:
            self.complaints.append(f"{name}: {fault['id']} {[n['target'] for n in fault['nodes']]}")
        self.page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size({"width": 320, "height": 640})
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.complaints.append(f"{name}: scrolls sideways at 320 pixels")
        self.page.set_viewport_size(size)


@pytest.fixture
def visit(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, locale, scheme = request.param
    folder = ROOT / "screenshots/stripe_local" / f"{width}-{locale}-{scheme}"
    folder.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, locale=locale, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    visit = Visit(context.new_page(), folder)
    yield visit
    context.close()
    assert visit.complaints == []


def session(sandbox: Sandbox, shop: str) -> Any:
    lines = [
        {
            "name": "双11 厨房小家电短视频 · 第一期托管",
            "description": "订单 VT20261111-000042",
            "amount": 368_000,
        },
        {"name": "样品寄送", "description": "顺丰，两件", "amount": 6_800},
    ]
    return sandbox.session(
        line_items=[
            {
                "price_data": {
                    "currency": "cny",
                    "product_data": {"name": line["name"], "description": line["description"]},
                    "unit_amount": line["amount"],
                },
                "quantity": n,
            }
            for n, line in enumerate(lines, 1)
        ],
        success_url=f"{shop}/done?session={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{shop}/cancel",
    )


@BOTH
def test_a_payer_is_refused_and_then_pays(sandbox: Sandbox, shop: str, visit: Visit) -> None:
    page, made = visit.page, session(sandbox, shop)
    page.goto(made.url)
    visit.look("checkout")
    page.check("input[value=card]")
    page.click(".test-cards summary")
    page.get_by_role("button", name="4000 0000 0000 9995").click()
    visit.look("checkout-card")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_be_focused()
    visit.look("checkout-refused")

    page.fill("#number", "4000002760003184")
    page.click("button.primary")
    page.wait_for_url("**/pay/card/**")
    visit.look("challenge")
    page.click("button[value=no]")
    expect(page.get_by_role("alert")).to_be_visible()
    page.check("input[value=alipay]")
    page.click("button.primary")
    page.wait_for_url("**/pay/alipay/**")
    visit.look("alipay")
    page.click("button[value=leave]")
    page.check("input[value=wechat_pay]")
    page.click("button.primary")
    page.wait_for_url("**/pay/wechat_pay/**")
    visit.look("wechat")
    page.dblclick("button[value=yes]", no_wait_after=True)

    page.wait_for_url(f"{shop}/done?session={made.id}")
    intent = sandbox.v1.checkout.sessions.retrieve(made.id).payment_intent
    charges = sandbox.v1.charges.list({"payment_intent": intent}).data
    assert [c.status for c in charges] == ["succeeded", "failed"]
    page.goto(made.url)
    visit.look("paid")


@ONE
def test_a_double_click_on_pay_pays_once(sandbox: Sandbox, shop: str, visit: Visit) -> None:
    page, made = visit.page, session(sandbox, shop)
    page.goto(made.url)
    page.check("input[value=card]")
    page.fill("#number", "4242424242424242")
    page.fill("#expiry", "12/34")
    page.fill("#cvc", "123")

    page.dblclick("button.primary", no_wait_after=True)

    page.wait_for_url(f"{shop}/done?session={made.id}")
    intent = sandbox.v1.checkout.sessions.retrieve(made.id).payment_intent
    assert len(sandbox.v1.charges.list({"payment_intent": intent}).data) == 1
    page.go_back()
    expect(page.locator("h1")).to_be_visible()


@ONE
def test_the_keyboard_is_enough(sandbox: Sandbox, shop: str, visit: Visit) -> None:
    page, made = visit.page, session(sandbox, shop)
    page.goto(made.url)
    page.focus("input[name=method]:checked")

    page.keyboard.press("ArrowDown")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('primary')"):
            break
    page.keyboard.press("Enter")

    page.wait_for_url("**/pay/wechat_pay/**")


@BOTH
def test_a_payee_signs_up(sandbox: Sandbox, shop: str, visit: Visit) -> None:
    account = sandbox.v1.accounts.create({"type": "express", "country": "CN"})
    link = sandbox.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": f"{shop}/again",
            "return_url": f"{shop}/back",
        }
    )
    page = visit.page
    page.goto(link.url)
    visit.look("onboarding")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_be_focused()
    visit.look("onboarding-refused")

    page.fill("#last_name", "林")
    page.fill("#first_name", "小满")
    page.click("button.primary")

    page.wait_for_url(f"{shop}/back")
    assert sandbox.v1.accounts.retrieve(account.id).payouts_enabled
    page.goto(sandbox.v1.accounts.login_links.create(account.id).url)
    visit.look("express")

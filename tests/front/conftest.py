"""Somebody at a screen: the app behind a real socket, and Chromium before it."""

import os
import threading
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.browser import axe_faults
from tests.conftest import PASSWORD, Player

SHOTS = os.environ.get("VTASK_SHOTS")
"""A folder: pictures of every page that is looked at are left there."""


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


class Reader:
    """Somebody at a screen; what the browser complains about is kept."""

    def __init__(
        self, browser: Browser, site: str, width: int = 1280, scheme: str = "light", **more: Any
    ) -> None:
        self.context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": 844},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            **more,
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda line: line.type == "error" and self.complaints.append(line.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, who: Player) -> None:
        self.page.goto("/login")
        self.page.fill("#f-email", who.email)
        self.page.fill("#f-password", PASSWORD)
        self.page.locator("main button[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def faults(self) -> list[Any]:
        return axe_faults(self.page)

    def looks_at(self, *addresses: str) -> None:
        """Each page on a phone and at a desk, in both languages: none is wider than the screen, and neither axe nor the
        browser complains of one."""
        for width, lang in product((390, 1280), ("zh", "en")):
            self.page.set_viewport_size({"width": width, "height": 844})
            for address in addresses:
                self.page.goto(f"{address}?lang={lang}")
                if SHOTS:
                    name = f"{address.strip('/').replace('/', '-')}-{width}-{lang}.png"
                    self.page.screenshot(path=Path(SHOTS, name), full_page=True)
                wide = self.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (address, width, lang)
                assert self.faults() == [], (address, width, lang)
        assert self.complaints == []


@pytest.fixture
def reader(chromium: Browser, site: str) -> Iterator[Reader]:
    here = Reader(chromium, site)
    yield here
    here.context.close()

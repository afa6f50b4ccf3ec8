"""One Chromium for the whole run (playwright starts once a process), and what every page is held against."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
AXE = Path(__file__).resolve().parent.parent / "node_modules/axe-core/axe.min.js"
expect.set_options(timeout=30_000)
"""What a page is waited for ends the waiting, however late; this is only for what never comes. Playwright's own 5 s are
less than a saving, a queueing and a fragment take on a machine that is busy with something else."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


SHELL = "chromium-headless-shell"
"""The same Chromium without windows of its own, which take more than half of the time of most pages here."""


def find_chromium(*, with_windows: bool = False) -> str:
    """The shell where there is one; the whole browser for what asks people, as for a camera."""
    names = [*([] if with_windows else [SHELL]), "chromium", "chromium-browser"]
    found = os.environ.get("VTASK_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        if os.environ.get("VTASK_REQUIRE_BROWSER"):
            pytest.fail("no Chromium here, and VTASK_REQUIRE_BROWSER is set")
        pytest.skip("no Chromium here; set VTASK_CHROMIUM to one")
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def axe_faults(page: Page) -> list[Any]:
    """What axe finds against WCAG 2.2 AA: the rule and the first element."""
    options = json.dumps({"runOnly": {"type": "tag", "values": TAGS}})
    found: list[Any] = page.evaluate(
        AXE.read_text("utf-8") + f"; axe.run(document, {options}).then(found => found.violations.map("
        "fault => fault.id + ' ' + fault.nodes[0].html))"
    )
    return found

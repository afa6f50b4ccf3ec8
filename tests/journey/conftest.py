"""The product as a stranger runs it: `./vtask run` on a folder of its own, and three people before browsers."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Response

from tests.browser import axe_faults
from tests.conftest import ROOT

SCREENSHOTS = ROOT / "screenshots"
START_S = 240


@dataclass
class Site:
    """A running copy: its address and what the ready file says."""

    address: str
    stripe: str
    facts: dict[str, Any]
    home: Path

    def sign_in_of(self, role: str) -> dict[str, str]:
        return next(each for each in self.facts["signins"] if each["role"] == role)


@pytest.fixture(scope="session")
def copy() -> Iterator[Site]:
    """One start for all journeys. Released money is withdrawable at once, so that a day need not pass.

    VTASK_JOURNEY_READY names the ready file of a copy that runs already (started with VTASK_COOLING_H=0).
    """
    if "VTASK_JOURNEY_READY" in os.environ:
        facts = json.loads(Path(os.environ["VTASK_JOURNEY_READY"]).read_text())
        yield Site(facts["address"].rstrip("/"), facts["stripe"].rstrip("/"), facts, ROOT)
        return
    home = Path(tempfile.mkdtemp(prefix="vj-", dir="/tmp"))
    home.chmod(0o711)
    ready, log = home / "ready.json", home / "run.log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = re.compile(r"DATABASE_URL|REDIS_URL|STRIPE_|VTASK_|PG")
    env = {name: value for name, value in os.environ.items() if not ours.match(name)}
    env |= {"VTASK_HOME": str(home / "var"), "VTASK_PORT": str(port), "VTASK_COOLING_H": "0"}
    with log.open("w") as out:
        process = subprocess.Popen(
            [ROOT / "vtask", "run", "--ready-file", ready],
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_S
        while not ready.exists():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.2)
        facts = json.loads(ready.read_text())
        yield Site(facts["address"].rstrip("/"), facts["stripe"].rstrip("/"), facts, home)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


@dataclass
class Somebody:
    """A person at a screen of their own. What the browser complains about is a fault of ours."""

    browser: Browser
    site: Site
    name: str
    width: int = 1280
    lang: str = "zh"
    complaints: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    """Every form that was sent, and what came back: for whoever reads why a test failed."""

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(
            base_url=self.site.address,
            viewport={"width": self.width, "height": 844},
            locale="zh-CN" if self.lang == "zh" else "en-US",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", self._hear)
        self.page.on("response", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _note(self, answer: Response) -> None:
        if answer.request.method == "POST":
            self.sent.append(f"{answer.url}: {answer.status} {answer.headers.get('location', '')}")

    def _hear(self, line: Any) -> None:
        # A refused form answers 422, which Chromium writes down as an error; the tests provoke some on purpose.
        refused = "422 (Unprocessable Entity)" in line.text
        if line.type == "error" and not refused and self.page.url.startswith(self.site.address):
            self.complaints.append(f"{self.page.url}: {line.text}")

    def goes(self, path: str) -> None:
        answer = None
        for _ in range(
            3
        ):  # the workroom reloads itself when something happened, and may do so at this moment
            try:
                answer = self.page.goto(path)
            except Error as other:
                if not any(
                    word in other.message for word in ("interrupted by another navigation", "ERR_ABORTED")
                ):
                    raise
            if answer:
                break
            self.page.wait_for_load_state()
        assert answer and answer.ok, f"{path}: {answer and answer.status}"

    def registers(self, role: str, name: str) -> None:
        self.goes("/register")
        self.page.check(f"input[name=role][value={role}]")
        self.page.fill("#f-name", name)
        self.page.fill("#f-email", f"{self.name}-{secrets.token_hex(3)}@journey.example")
        self.page.fill("#f-password", "correct horse battery")
        self.presses("main form button[type=submit]")

    def signs_in(self, role: str) -> None:
        them = self.site.sign_in_of(role)
        self.goes("/login")
        self.page.fill("#f-email", them["email"])
        self.page.fill("#f-password", them["password"])
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def presses(self, selector: str) -> None:
        """Until the page that answers is there. This one is marked: a navigation may also be one of its own, to a place on
        it, or the end of the one that brought it."""
        button = self.page.locator(selector).first
        button.wait_for(state="attached")
        self.page.evaluate("document.documentElement.dataset.left = ''")
        button.click()
        self.page.wait_for_selector("html:not([data-left])")
        self.page.wait_for_load_state()

    def looks(self, shot: str) -> None:
        """Keep a picture of the page, and have axe look at it."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{shot}-{self.width}-{self.lang}.png", full_page=True)
        self.axe += [f"{shot}: {each}" for each in axe_faults(self.page)]

    def api(self, method: str, path: str, key: str, **kwargs: Any) -> Any:
        return self.context.request.fetch(
            self.site.address + "/api/v1" + path,
            method=method,
            headers={"Authorization": f"Bearer {key}"},
            **kwargs,
        )


@pytest.fixture
def people(chromium: Browser, copy: Site) -> Iterator[Any]:
    """`people(name, width=…)`: each in a context of their own; afterwards nobody's browser may have complained."""
    made: list[Somebody] = []

    def meet(name: str, **how: Any) -> Somebody:
        made.append(Somebody(chromium, copy, name, **how))
        return made[-1]

    yield meet
    for one in made:
        one.context.close()
    assert [line for one in made for line in one.complaints] == []
    assert [fault for one in made for fault in one.axe] == []

"""What every page shares, in Chromium: both languages, phone and desk, light and dark, keyboard and bad lines."""

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import PASSWORD, ROOT, Player
from tests.front.conftest import Reader

pytestmark = pytest.mark.browser
PAGES = ("/", "/help", "/login", "/register", "/styleguide", "/no-such-page")
LOOKS = [(390, "zh", "light"), (390, "en", "dark"), (1280, "zh", "dark"), (1280, "en", "light")]


@pytest.mark.parametrize(("width", "lang", "scheme"), LOOKS)
def test_no_accessibility_fault_and_no_complaint(
    chromium: Browser, site: str, width: int, lang: str, scheme: str
):
    here = Reader(chromium, site, width, scheme)
    for path in PAGES:
        here.page.goto(f"{path}?lang={lang}")
        assert here.faults() == [], path
        assert here.page.locator("html").get_attribute("lang") == ("en" if lang == "en" else "zh-CN")
        assert here.page.locator("html").get_attribute("data-bs-theme") == scheme
    assert [text for text in here.complaints if "404" not in text] == []
    here.context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_scrolls_sideways_at_320_pixels(chromium: Browser, site: str, lang: str):
    here = Reader(chromium, site, 320)
    for path in PAGES:
        here.page.goto(f"{path}?lang={lang}")
        assert here.page.evaluate("document.documentElement.scrollWidth") <= 320, path
    here.context.close()


def test_the_api_page_is_drawn_from_our_own_address(reader: Reader):
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    reader.page.goto("/api/docs")

    expect(reader.page.get_by_role("heading", name="V-task Market API")).to_be_visible()
    expect(reader.page.locator(".opblock-tag").first).to_be_visible()
    assert reader.faults() == []
    assert reader.complaints == []
    home = reader.page.url.split("/api")[0]
    assert [url for url in asked if not url.startswith((home, "data:"))] == []


def test_the_first_tab_skips_to_the_content(reader: Reader):
    reader.page.goto("/help")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")

    assert reader.page.evaluate("document.activeElement.id") == "main"


def test_the_palette_finds_a_page_by_name(reader: Reader):
    reader.page.goto("/help")
    reader.page.keyboard.press("Control+k")
    reader.page.keyboard.type("直播")
    reader.page.keyboard.press("Enter")

    reader.page.wait_for_url("**/live")


def test_a_second_click_does_not_send_a_form_twice(reader: Reader, mei: Player):
    sent: list[str] = []
    reader.page.goto("/login")
    reader.page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    reader.page.fill("#f-email", mei.email)
    reader.page.fill("#f-password", PASSWORD)
    reader.page.evaluate(
        "() => { const button = document.querySelector('main button[type=submit]'); button.click(); button.click() }"
    )

    reader.page.wait_for_url("**/m")
    assert len(sent) == 1


def test_the_chosen_colours_stay_on_the_next_page(reader: Reader):
    reader.page.goto("/help")
    button = reader.page.locator("[data-theme-cycle]")
    button.click()
    button.click()
    expect(button).to_contain_text("深色")

    reader.page.goto("/")
    assert reader.page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_language_stays_and_the_page_too(reader: Reader):
    reader.page.goto("/help")
    reader.page.get_by_role("button", name="English").click()

    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Help")
    assert reader.page.url.endswith("/help?") or reader.page.url.endswith("/help")


def test_a_refused_form_keeps_what_was_typed_and_leads_to_the_field(reader: Reader):
    reader.page.goto("/register")
    reader.page.fill("#f-name", "青禾")
    reader.page.locator("main button[type=submit]").click()
    summary = reader.page.locator(".error-summary")

    expect(summary).to_be_focused()
    assert reader.page.input_value("#f-name") == "青禾"
    summary.locator("a[href='#f-email']").click()
    expect(reader.page.locator("#f-email")).to_be_focused()
    expect(reader.page.locator("#f-email")).to_have_attribute("aria-invalid", "true")


def test_an_ended_session_leads_a_fragment_to_the_sign_in_page(reader: Reader, mei: Player):
    reader.sign_in(mei)
    reader.page.goto("/m/orders")
    reader.context.clear_cookies()
    reader.page.evaluate("htmx.ajax('GET', '/m/orders', {target: 'main'})")

    reader.page.wait_for_url("**/login?next=**")
    assert "%2Fm%2Forders" in reader.page.url


def test_the_script_of_the_page_stays_small():
    assert (ROOT / "static/js/app.js").stat().st_size < 16_000

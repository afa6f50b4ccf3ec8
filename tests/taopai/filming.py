"""What filming needs in several tests: a plan of short shots, a browser with a camera, and a shot being taken."""

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import FLAGS, find_chromium

CAMERA = ["--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream"]
KEPT = """async () => {
  const opened = await new Promise((done, failed) => {
    const asked = indexedDB.open("vtask-capture", 1);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const all = await new Promise((done) => {
    const asked = opened.transaction("takes").objectStore("takes").getAll();
    asked.onsuccess = () => done(asked.result);
  });
  opened.close();
  const hashes = {};
  for (const take of all) {
    const hash = await crypto.subtle.digest("SHA-256", await take.blob.arrayBuffer());
    hashes[take.number] = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return hashes;
}"""


def with_camera(browser: Browser, *flags: str) -> Browser:
    """Another Chromium, one that has a camera."""
    path = find_chromium(with_windows=True)
    return browser.browser_type.launch(executable_path=path, args=[*FLAGS, *(flags or CAMERA)])


def plan(*texts: str, seconds: int = 2, **more: Any) -> dict[str, Any]:
    """A template of as many shots as texts; an empty text is none."""
    shots = [
        {"label": f"镜头{at}", "label_en": f"Shot {at}", "seconds": seconds, "guide": "product", "text": text}
        for at, text in enumerate(texts, 1)
    ]
    return {"name": "三镜头", "name_en": "Three shots", "category": "food", "shots": shots, **more}


def kept_hashes(page: Page) -> dict[str, str]:
    """SHA-256 of every shot kept on the device, by its number from 0."""
    found: dict[str, str] = page.evaluate(KEPT)
    return found


def film_shot(page: Page) -> None:
    """Count down, record to the end of the shot, and stop before it is decided on."""
    page.locator("[data-record]").click()
    expect(page.locator("[data-studio]")).to_have_attribute("data-mode", "recording", timeout=15_000)
    expect(page.locator("[data-studio]")).to_have_attribute("data-mode", "review", timeout=20_000)

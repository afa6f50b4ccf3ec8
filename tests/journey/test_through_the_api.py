"""The same business through the JSON API alone, on a running copy: an article, a video and a show, one of them bid
by an agency; with the questions a careful outsider asks on the way."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journey.conftest import Site
from tests.media.clips import clip_with_words

Json = dict[str, Any]


class Caller:
    """Somebody with an API key."""

    def __init__(self, site: Site, name: str) -> None:
        self.site = site
        them = next(each for each in site.facts["signins"] if each["email"].startswith(f"{name}@"))
        self.email = them["email"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {them['api_key']}"

    def call(self, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
        answer = self.session.request(method, f"{self.site.address}/api/v1{path}", timeout=30, **kwargs)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None

    def pays(self, method: str, path: str, status: int = 201, key: str = "", **kwargs: Any) -> Any:
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        return self.call(method, path, status, headers=headers, **kwargs)

    def uploads(
        self, file: Path, kind: str, meanwhile: Callable[[str], object] = lambda asset_id: None
    ) -> str:
        """By tus, in pieces, with a break in the middle; the id of the asset once it is ready. `meanwhile` happens
        as soon as all of it has arrived."""
        data = file.read_bytes()
        words = {"filename": file.name, "kind": kind}
        metadata = ",".join(
            f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in words.items()
        )
        tus = {"Tus-Resumable": "1.0.0"}
        made = self.session.post(
            f"{self.site.address}/api/v1/uploads",
            headers=tus | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata},
            timeout=30,
        )
        assert made.status_code == 201, made.text
        place = requests.compat.urljoin(self.site.address, made.headers["Location"])
        middle = len(data) // 2
        for start, stop in ((0, middle), (middle, len(data))):
            offset = int(self.session.head(place, headers=tus, timeout=30).headers["Upload-Offset"])
            assert offset == start, "what arrived before the break is kept"
            piece = data[start:stop]
            digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
            headers = tus | {
                "Upload-Offset": str(start),
                "Upload-Checksum": f"sha256 {digest}",
                "Content-Type": "application/offset+octet-stream",
            }
            assert self.session.patch(place, data=piece, headers=headers, timeout=60).status_code == 204
        asset_id = place.rsplit("/", 1)[-1]
        meanwhile(asset_id)
        self.until(
            lambda: self.call("GET", f"/assets/{asset_id}"), lambda asset: asset["state"] == "ready", 120
        )
        return asset_id

    def until(self, look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 120) -> Any:
        """Workers act in their own time: look again until it is so."""
        end = time.monotonic() + seconds
        while True:
            seen = look()
            if good(seen):
                return seen
            assert time.monotonic() < end, f"never so: {seen}"
            time.sleep(0.3)


@pytest.fixture
def merchant(copy: Site) -> Caller:
    return Caller(copy, "baicao")


@pytest.fixture
def creator(copy: Site) -> Caller:
    return Caller(copy, "tang")


@pytest.fixture
def agency(copy: Site) -> Caller:
    return Caller(copy, "ada")


def opened(merchant: Caller, format: str) -> str:
    goods = {"title": f"接口商品 {format}", "category": "beauty", "price_fen": 18_900, "stock": 10}
    product = merchant.call("POST", "/products", 201, json=goods)
    deadline = datetime.now(UTC) + timedelta(days=12)
    task = merchant.call(
        "POST",
        "/tasks",
        201,
        json={
            "category": "beauty",
            "format": format,
            "from_template": True,
            "title": f"接口下单 {format}",
            "budget_fen": 900_000,
            "deadline": deadline.isoformat(),
            "product_ids": [product["id"]],
            "campaign_code": "double11-2026",
        },
    )
    merchant.call("POST", f"/tasks/{task['id']}/opening", json={})
    return str(task["id"])


def paid(merchant: Caller, order: str) -> None:
    """Twice the same key is one payment; the money counts when the event says so."""
    key = secrets.token_hex(8)
    first = merchant.pays("POST", f"/orders/{order}/checkouts", key=key)
    again = merchant.pays("POST", f"/orders/{order}/checkouts", key=key)
    assert first["id"] == again["id"]
    page = merchant.until(
        lambda: merchant.call("GET", f"/checkouts/{first['id']}"), lambda checkout: bool(checkout["url"])
    )
    session = next(part for part in page["url"].split("?")[0].split("/") if part.startswith("cs_"))
    requests.post(
        f"{merchant.site.stripe}/_sandbox/pay/{session}", json={"method": "wechat_pay"}, timeout=20
    ).raise_for_status()
    merchant.until(
        lambda: merchant.call("GET", f"/orders/{order}"), lambda found: found["state"] == "scripting"
    )


def delivered(creator: Caller, merchant: Caller, order: str, content: Json) -> None:
    for each in ({"script": {"text": "开场给结论，中段给证据，结尾说适合谁。"}}, content):
        made = creator.call("POST", f"/orders/{order}/submissions", 201, json=each)
        merchant.pays("POST", f"/submissions/{made['id']}/acceptance", 201, json={})


def completed(merchant: Caller, order: str) -> Json:
    found: Json = merchant.until(
        lambda: merchant.call("GET", f"/orders/{order}"), lambda found: found["state"] == "completed"
    )
    return found


@pytest.mark.parametrize("format", ["article", "video", "live"])
def test_a_brief_becomes_work_on_its_shelf_and_money_in_the_right_hands(
    merchant: Caller, creator: Caller, agency: Caller, tmp_path: Path, format: str
):
    task = opened(merchant, format)
    me = creator.call("GET", "/me")["party"]
    shortlist = merchant.call("GET", f"/tasks/{task}/matches", params={"limit": 50})["data"]
    match = next(each for each in shortlist if each["creator_id"] == me["id"])
    assert sum(term["share"] for term in match["terms"]) == pytest.approx(1, abs=1e-2)
    assert match["score"] == pytest.approx(match["fit"] * match["acceptance"], abs=1e-3)

    offer = {
        "creator_id": me["id"],
        "price_fen": 500_001,
        "plan": "先发脚本，确认后三天内交付。",
        "delivery_on": (datetime.now(UTC) + timedelta(days=7)).date().isoformat(),
    }
    bid = agency.call("POST", f"/tasks/{task}/bids", 201, json=offer)
    order = merchant.pays("POST", f"/tasks/{task}/award", json={"bid_id": bid["id"], "price_fen": 500_001})
    merchant.pays("POST", f"/tasks/{task}/award", 409, json={"bid_id": bid["id"], "price_fen": 500_001})
    paid(merchant, order["id"])
    if format == "video":
        asset = creator.uploads(clip_with_words(tmp_path / "素材.mp4"), "video")
        content = {"video": {"title": f"{format} 接口交付", "asset_id": asset}}
    elif format == "article":
        content = {
            "article": {"title": f"{format} 接口交付", "body": "先说结论：适合敏感肌，每天早晚各一次。" * 3}
        }
    else:
        from PIL import Image

        cover = tmp_path / "cover.png"
        Image.new("RGB", (800, 800), "#b5382a").save(cover)
        starts = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        content = {
            "live": {
                "title": f"{format} 接口交付",
                "rundown": "开场、讲解、答疑，共一小时。",
                "starts_at": starts,
                "asset_id": creator.uploads(cover, "image"),
            }
        }
    delivered(creator, merchant, order["id"], content)
    completed(merchant, order["id"])

    shelf = {"article": "posts", "video": "videos", "live": "programmes"}[format]
    shown = merchant.call("GET", f"/{shelf}", params={"limit": 100})["data"]
    assert sum(each["title"] == f"{format} 接口交付" for each in shown) >= 1
    merchant.until(
        lambda: requests.get(f"{merchant.site.address}/venues/double11-2026", timeout=20).text,
        lambda venue: f"{format} 接口交付" in venue,
    )
    shares(merchant, agency, creator, order["id"])


def shares(merchant: Caller, agency: Caller, creator: Caller, order: str) -> None:
    """¥5,000.01 in three stages: to each of the parties the parts of a stage are its sum, and the stages the price."""
    for somebody in (merchant, agency, creator):
        page = somebody.call("GET", f"/orders/{order}/money")
        assert page["paid_fen"] == sum(row["amount_fen"] for row in page["rows"]) == 500_001
        for row in page["rows"]:
            assert sum(part["fen"] for part in row["parts"]) == row["amount_fen"]
    parts = {part["what"]: part["fen"] for part in page["rows"][0]["parts"]}
    fee = 50_001 * 500 // 10_000
    commission = (50_001 - fee) * 2000 // 10_000
    tax = (50_001 - fee - commission) * 300 // 10_000
    assert parts == {
        "fee": fee,
        "agency": commission,
        "tax": tax,
        "creator": 50_001 - fee - commission - tax,
    }, "the creator sees every share; the first stage has the odd fen"


def test_a_strangers_order_is_not_there(merchant: Caller, copy: Site):
    stranger = Caller(copy, "lin")
    order = merchant.call("GET", "/orders", params={"limit": 1})["data"][0]["id"]

    for path in ("", "/money", "/submissions"):
        problem = stranger.call("GET", f"/orders/{order}{path}", 404)
        assert problem["type"].endswith("/not-found")

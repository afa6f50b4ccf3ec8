"""What tests about briefs and bids begin with, through the JSON API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import Player

PROFILE = {
    "kind": "creator",
    "categories": ["outdoor", "digital"],
    "platform_level": 4,
    "fans": 128_000,
    "audience": {"gender": {"male": 80, "female": 20}, "age": {"25-34": 60}},
    "price_video_fen": 800_000,
    "slots_per_week": 3,
    "city": "杭州",
    "bio": "专做路亚和溪流的实测",
}


def later(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def drafted(merchant: Player, **over: Any) -> dict[str, Any]:
    """A draft that could be opened."""
    brief = {
        "category": "outdoor",
        "format": "video",
        "from_template": True,
        "title": "碳素鱼竿承重测试短视频",
        "budget_fen": 1_000_000,
        "deadline": later(20),
        "bids_close_at": later(5),
        **over,
    }
    made = merchant.api(
        "POST",
        "/tasks",
        json={name: value for name, value in brief.items() if value is not None or name == "length"},
    )
    assert made.status_code == 201, made.text
    return dict(made.json)


def opened(merchant: Player, **over: Any) -> dict[str, Any]:
    """An open brief."""
    task = drafted(merchant, **over)
    answer = merchant.api("POST", f"/tasks/{task['id']}/opening")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def offer(**over: Any) -> dict[str, Any]:
    """A bid's body that makes sense for `opened`."""
    day = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    return {
        "price_fen": 880_000,
        "plan": "先做逐级承重，再到千岛湖实钓，一镜到底。",
        "delivery_on": day,
        **over,
    }


def bid(bidder: Player, task: dict[str, Any], **over: Any) -> dict[str, Any]:
    """A bid that stands."""
    made = bidder.api("POST", f"/tasks/{task['id']}/bids", json=offer(**over))
    assert made.status_code == 201, made.text
    return dict(made.json)


def signed(agency: Player, creator: Player, bps: int = 1500) -> dict[str, Any]:
    """An active roster link."""
    asked = agency.api("POST", "/roster-links", json={"creator": creator.email, "commission_bps": bps})
    assert asked.status_code == 201, asked.text
    answer = creator.api("POST", f"/roster-links/{asked.json['id']}/reply", json={"accept": True})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def problem(answer: Any) -> tuple[int, str, list[str]]:
    """Status, the type's last word, and the pointers of a refusal."""
    assert answer.mimetype == "application/problem+json", answer.text
    return (
        answer.status_code,
        answer.json["type"].rsplit("/", 1)[-1],
        [each["pointer"] for each in answer.json.get("errors", [])],
    )

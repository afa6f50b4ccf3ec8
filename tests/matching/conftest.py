"""What matching tests begin with: providers with profiles, and works they delivered."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.conftest import Player


def profile(player: Player, **over) -> None:
    given = {
        "categories": ["outdoor"],
        "fans": 10_000,
        "price_video_fen": 500_000,
        "slots_per_week": 3,
    } | over
    etag = player.api("GET", "/profile").headers.get("ETag")
    answer = player.api("PATCH", "/profile", json=given, headers={"If-Match": etag} if etag else {})
    assert answer.status_code in (200, 201), answer.text


@pytest.fixture
def creators(lin, bo):
    """Lin and Bo offer the same at the same price."""
    profile(lin)
    profile(bo)


def worked(merchant: Player, *makers: Player, name: str, days_ago: float = 5, **over) -> UUID | None:
    """A past work is noted."""
    from market.kit.clock import now
    from market.kit.db import transaction
    from market.matching import history

    given = {"category": "outdoor", "format": "video", "tags": [], "words": ""} | over
    with merchant.app.app_context(), transaction():
        return history.note(
            f"import:{name}",
            merchant_id=merchant.party_id,
            creator_ids=[maker.party_id for maker in makers],
            at=now() - timedelta(days=days_ago),
            **given,
        )


def listed(merchant: Player, task: dict) -> list[dict]:
    answer = merchant.api("GET", f"/tasks/{task['id']}/matches?limit=50")
    assert answer.status_code == 200, answer.text
    return answer.json["data"]

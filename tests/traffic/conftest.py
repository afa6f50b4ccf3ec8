"""What tests of traffic begin with: an imported account, its days, and what is said about them."""

from datetime import timedelta

import pytest

from tests.conftest import Player
from tests.front.conftest import site  # noqa: F401
from tests.matching.conftest import profile
from tests.matching.test_import import tell

DAYS = 60


def told(zhou: Player, jump: int = 6000, *, at: int = 50, name: str = "c0", days: int = DAYS, until=None):
    """Zhou tells `days` days of an account that gains 20 fans a day, and `jump` more on one of them."""
    from market.kit.clock import now

    last = until or now().date()
    lines = [
        {
            "type": "day",
            "account": name,
            "day": (last - timedelta(days=days - 1 - n)).isoformat(),
            "fans": 20_000 + 20 * n + n % 3 + (jump if n >= at else 0),
            "plays": 8000,
            "interactions": 400,
        }
        for n in range(days)
    ]
    answer = tell(zhou, lines)
    assert answer.status_code == 200, answer.text
    assert answer.json["refused"] == []
    return answer.json


@pytest.fixture
def account(app, lin):
    """Lin's account under the name an importer has for her."""
    from market.accounts.actor import Role
    from market.kit.db import db, transaction
    from market.matching.models import ImportedAccount

    profile(lin)
    with app.app_context(), transaction():
        db.session.add(ImportedAccount(ref="c0", role=Role.CREATOR, party_id=lin.party_id))
    return lin


def signals(player: Player, **query) -> list[dict]:
    answer = player.api("GET", "/traffic-signals", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def appeal(player: Player, signal: dict, text: str = "那天被大号转发。"):
    return player.api("POST", f"/traffic-signals/{signal['id']}/appeal", json={"text": text})

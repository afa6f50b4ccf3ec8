"""Events become notices, once per party, in the reader's words."""

from market.kit.db import transaction
from market.kit.events import history
from market.messages import service
from tests.conftest import Player, drain_all


def test_the_party_concerned_is_told_and_the_one_who_acted_is_not(ctx, lin: Player, zhou: Player):
    from market.accounts.service import decide_verification

    with transaction():
        decide_verification(lin.party_id, verified=False, reason="证件不清晰", by=zhou.actor)
    drain_all()

    assert [notice["text"] for notice in lin.api("GET", "/notices").json["data"]] == [
        "资质审核未通过：证件不清晰"
    ]
    english = lin.api("GET", "/notices", headers={"Accept-Language": "en"})
    assert "证件不清晰" in english.json["data"][0]["text"]
    assert zhou.api("GET", "/notices").json["data"] == []


def test_telling_twice_tells_once(ctx, lin: Player, zhou: Player):
    from market.accounts.service import decide_verification

    with transaction():
        decide_verification(lin.party_id, verified=False, reason="x", by=zhou.actor)
    event = next(each for each in history(lin.party_id) if each.name == "party.verification_refused")
    for _ in range(2):
        with transaction():
            service.notify(event)

    assert len(lin.api("GET", "/notices").json["data"]) == 1

"""Portraits come in through the data door, and go out to those who may see them."""

import pytest

from tests.conftest import Player

FANS = {
    "gender": {"female": 7800, "male": 2200},
    "age": {"u18": 7, "18-24": 3000, "25-34": 4500, "35-44": 2000, "45+": 400},
    "city": {"tier1": 2500, "new1": 3500, "tier2": 2500, "tier3": 1500},
    "price": {"u100": 3000, "100-300": 4000, "300-1000": 2500, "1000+": 500},
    "interests": {"beauty": 6000, "fashion": 4000, "pets": 3},
}


def account(ref: str, role: str) -> dict:
    more = {"categories": ["beauty"], "price_video_fen": 500_000} if role == "creator" else {}
    return {"type": "account", "id": ref, "roles": [role], "name": ref} | more


def portrait(ref: str, whose: str, **over) -> dict:
    row = {"type": "portrait", "account": ref, "whose": whose, "day": "2026-11-01", "persons": 10_000}
    return row | FANS | over


def tell(zhou: Player, *rows: dict) -> dict:
    answer = zhou.api("POST", "/history-imports", json={"lines": list(rows), "keys": True})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


@pytest.fixture
def both(app, zhou) -> dict[str, Player]:
    """A shop and a creator from elsewhere, with their keys, and portraits that are alike."""
    said = tell(
        zhou,
        account("shop", "merchant"),
        account("star", "creator"),
        portrait("shop", "buyers"),
        portrait("star", "fans"),
    )
    assert (said["portraits"], said["refused"]) == (2, [])
    return {
        row["id"]: Player(app, row["id"], "", None, row["party_id"], row["api_key"])
        for row in said["parties"]
    }


def part(shown: dict, code: str) -> dict[str, int]:
    found = next(each for each in shown["parts"] if each["code"] == code)
    return {"+".join(each["keys"]): each["percent"] for each in found["slices"]}


def test_everybody_sees_the_fans_and_no_small_cell(both, mei, wen, app):
    star = both["star"].party_id

    shown = mei.api("GET", f"/creators/{star}/portrait").json["portrait"]

    assert (shown["whose"], shown["day"], shown["persons"]) == ("fans", "2026-11-01", 10_000)
    assert part(shown, "gender") == {"female": 78, "male": 22}
    assert part(shown, "age") == {"u18+18-24": 30, "25-34": 45, "35-44": 20, "45+": 4, "unknown": 1}
    assert part(shown, "interests") == {"beauty": 60, "fashion": 40}
    page = app.test_client().get(f"/c/{mei.api('GET', f'/creators/{star}').json['handle']}").text
    assert "18 岁以下、18–24 岁" in page
    assert both["star"].api("GET", "/portrait").json["portrait"] == shown


def test_a_merchants_buyers_are_his_alone(both, mei, zhou, lin):
    shop = both["shop"]

    assert shop.api("GET", "/portrait").json["portrait"]["whose"] == "buyers"
    assert mei.api("GET", "/portrait").json == {"portrait": None, "too_few": False}
    assert zhou.api("GET", "/portrait").status_code == 403
    assert lin.api("GET", "/portrait").json == {"portrait": None, "too_few": False}
    assert zhou.api("GET", f"/creators/{shop.party_id}/portrait").status_code == 404


def test_a_portrait_told_again_is_corrected_and_the_newest_day_is_shown(both, zhou):
    tell(zhou, portrait("star", "fans", gender={"female": 5000, "male": 5000}))
    assert part(both["star"].api("GET", "/portrait").json["portrait"], "gender") == {"female": 50, "male": 50}

    tell(zhou, portrait("star", "fans", day="2026-10-01", gender={"female": 1000, "male": 9000}))

    assert part(both["star"].api("GET", "/portrait").json["portrait"], "gender") == {"female": 50, "male": 50}


def test_of_a_handful_of_persons_nothing_is_shown(both, zhou):
    tell(zhou, portrait("star", "fans", day="2026-11-02", persons=99, **{name: {} for name in FANS}))

    assert both["star"].api("GET", "/portrait").json == {"portrait": None, "too_few": True}


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"account": "nobody"}, "/account"),
        ({"whose": "buyers"}, "/account"),
        ({"whose": "friends"}, "/whose"),
        ({"day": "yesterday"}, "/day"),
        ({"day": "2999-01-01"}, "/day"),
        ({"persons": -1}, "/persons"),
        ({"age": {"25-34": 10_001}}, "/age"),
        ({"age": {"25-35": 1}}, "/age/25-35"),
        ({"interests": {"beauty": 10_001}}, "/interests/beauty"),
    ],
)
def test_a_wrong_row_is_told_by_line_and_field(both, zhou, over, pointer):
    said = tell(zhou, account("star", "creator"), portrait("star", "fans", day="2026-11-03") | over)

    assert [(row["line"], row["pointer"]) for row in said["refused"]] == [(2, pointer)]
    assert said["portraits"] == 0


def test_the_pages_say_what_is_there_and_what_is_missing(mei, lin, zhou):
    assert "还没有买家画像" in mei.browser().get("/m/insight").text
    assert "没有画像不加分也不减分" in lin.browser().get("/u/profile").text
    assert lin.browser().get("/m/insight").status_code == 403

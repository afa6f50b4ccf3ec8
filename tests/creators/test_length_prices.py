"""K3: a price for each length of a video; what is left empty is not offered."""

import pytest

from tests.briefs import PROFILE, drafted, problem
from tests.conftest import submit

LENGTHS = ("price_video_short_fen", "price_video_medium_fen", "price_video_long_fen")


def change(player, **said):
    return player.api("PATCH", "/profile", json=said, headers={"If-Match": "*"})


def prices(player):
    mine = player.api("GET", "/profile").json
    return [mine[each] for each in LENGTHS]


@pytest.fixture
def known(lin):
    lin.api("PATCH", "/profile", json=PROFILE)
    return lin


def test_one_price_for_videos_is_meant_for_every_length(known):
    assert prices(known) == [PROFILE["price_video_fen"]] * 3

    change(known, price_video_fen=None)

    assert prices(known) == [None] * 3
    assert known.api("GET", "/profile").json["price_video_fen"] is None


def test_a_length_that_is_named_has_its_own_price_and_the_lowest_is_told_as_the_one(known):
    change(known, price_video_fen=300_000, price_video_long_fen=700_000, price_video_short_fen=None)

    assert prices(known) == [None, 300_000, 700_000]
    assert known.api("GET", "/profile").json["price_video_fen"] == 300_000


def test_what_is_not_named_stays(known):
    change(known, price_video_short_fen=90_000)

    assert prices(known) == [90_000, PROFILE["price_video_fen"], PROFILE["price_video_fen"]]


@pytest.mark.parametrize("field", ["price_video_fen", *LENGTHS])
@pytest.mark.parametrize("fen", [0, -1, 1_000_000_001, 10**30, 1.5, "", "viel", True, [100], {"fen": 100}])
def test_a_price_that_is_none_is_refused_at_its_length(known, field, fen):
    before = prices(known)

    assert problem(change(known, **{field: fen})) == (422, "invalid", [f"/{field}"])
    assert prices(known) == before


def test_a_length_nobody_knows_is_refused(known):
    assert problem(change(known, price_video_endless_fen=100))[2] == ["/price_video_endless_fen"]


def test_the_database_refuses_a_price_of_nothing(known, app):
    from sqlalchemy.exc import IntegrityError

    from market.creators.queries import profile
    from market.kit.db import transaction

    for field in LENGTHS:
        with app.app_context(), pytest.raises(IntegrityError), transaction():
            setattr(profile(known.party_id), field, 0)


FORM = {"kind": "creator", "categories": "outdoor", "slots_per_week": "2"}


def test_the_page_takes_a_price_for_each_length_and_an_empty_one_is_not_offered(lin, mei):
    browser = lin.browser()

    saved = submit(
        browser, "/u/profile", **FORM, price_video_short_fen="800", price_video_long_fen="2,400.50"
    )
    address = f"/c/{lin.api('GET', '/profile').json['handle']}"
    own, public = browser.get("/u/profile").text, mei.browser().get(address).text

    assert saved.status_code == 303
    assert prices(lin) == [80_000, None, 240_050]
    assert 'value="2400.50"' in own and 'value="800"' in own
    assert "¥800.00（1–20 秒）" in public and "¥2,400.50（60 秒以上）" in public
    assert "21–60 秒" not in public
    assert "CN¥2,400.50 (over 60 s)" in mei.browser().get(f"{address}?lang=en").text


@pytest.mark.parametrize("typed", ["0", "-3", "1e9", "10000001", "很贵", "12.345"])
def test_the_page_says_what_is_wrong_at_the_length_and_keeps_what_was_typed(lin, typed):
    answer = submit(
        lin.browser(), "/u/profile", **FORM, price_video_short_fen="800", price_video_long_fen=typed
    )

    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text and 'value="800"' in answer.text
    assert (
        'href="#f-price_video_long_fen"' in answer.text
        and 'href="#f-price_video_short_fen"' not in answer.text
    )
    assert lin.api("GET", "/profile").status_code == 404, "nothing is saved"


def test_a_length_typed_twice_is_one_price(lin):
    submit(lin.browser(), "/u/profile", **FORM, price_video_short_fen=["800", "900"])

    assert prices(lin) == [80_000, None, None]


def test_what_such_work_costs_is_told_for_the_wanted_length(lin, bo, mei):
    lin.api(
        "PATCH", "/profile", json=PROFILE | {"price_video_short_fen": 90_000, "price_video_long_fen": None}
    )
    bo.api("PATCH", "/profile", json=PROFILE | {"price_video_fen": 210_000})

    def said(length):
        brief = drafted(mei, length=length, budget_fen=100_000)
        return mei.browser().get(f"/m/tasks/{brief['id']}/edit").text

    short, long, any_length = said("short"), said("long"), said(None)

    assert "2 位已认证创作者提供户外渔具短视频（1–20 秒）" in short and "¥900.00" in short
    assert "在您的预算以内的有 1 位" in short and "在您的预算以内的有 1 位" in any_length
    assert "1 位已认证创作者提供户外渔具短视频（60 秒以上）" in long and "¥2,100.00" in long
    assert "在您的预算以内的有 0 位" in long

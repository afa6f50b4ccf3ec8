"""K3: live is priced by the hour; a brief's hours multiply it, a broken fen rounded up."""

import pytest

from tests.briefs import PROFILE, drafted, problem
from tests.conftest import submit

FORM = {"kind": "host", "categories": "outdoor", "slots_per_week": "2"}


def change(player, **said):
    return player.api("PATCH", "/profile", json=said, headers={"If-Match": "*"})


@pytest.fixture
def known(lin):
    lin.api("PATCH", "/profile", json=PROFILE | {"price_live_hour_fen": 80_000})
    return lin


def hour(player):
    return player.api("GET", "/profile").json["price_live_hour_fen"]


def test_a_price_an_hour_is_stated_and_taken_back(known):
    assert hour(known) == 80_000

    change(known, price_live_hour_fen=None)

    assert hour(known) is None


@pytest.mark.parametrize(("show", "an_hour"), [(160_000, 80_000), (160_001, 80_001), (1, 1), (None, None)])
def test_a_price_for_a_show_as_it_was_stated_before_is_that_of_two_hours(known, show, an_hour):
    assert change(known, price_live_fen=show).status_code == 200
    assert hour(known) == an_hour


def test_the_hours_price_goes_before_that_of_a_show(known):
    change(known, price_live_fen=160_000, price_live_hour_fen=90_000)

    assert hour(known) == 90_000


@pytest.mark.parametrize("field", ["price_live_fen", "price_live_hour_fen"])
@pytest.mark.parametrize("fen", [0, -1, 1_000_000_001, 1.5, "", True])
def test_a_price_that_is_none_is_refused_at_its_field(known, field, fen):
    assert problem(change(known, **{field: fen})) == (422, "invalid", [f"/{field}"])
    assert hour(known) == 80_000


@pytest.mark.parametrize(
    ("fen", "minutes", "costs"),
    [(80_000, None, 80_000), (80_000, 120, 160_000), (80_001, 30, 40_001), (80_001, 90, 120_002), (1, 30, 1)],
)
def test_hours_times_price_in_python_and_in_sql(known, app, fen, minutes, costs):
    from sqlalchemy import select

    from market.accounts.vocabulary import Format, Piece
    from market.creators.models import Profile
    from market.creators.queries import price_of, profile
    from market.kit.db import db

    change(known, price_live_hour_fen=fen)
    piece = Piece(Format.LIVE, minutes=minutes)
    with app.app_context():
        here = Profile.party_id == known.party_id
        assert profile(known.party_id).price(*piece) == costs
        assert db.session.scalar(select(price_of(*piece)).where(here)) == costs
    assert fen <= piece.ceiling(costs), "who asks just the ceiling passes"
    assert fen > piece.ceiling(costs - 1), "who asks a fen more does not"


def test_the_dearest_show_there_can_be_does_not_overflow(known, app):
    from sqlalchemy import select

    from market.accounts.vocabulary import Format
    from market.creators.models import Profile
    from market.creators.queries import price_of
    from market.kit.db import db

    change(known, price_live_hour_fen=1_000_000_000)
    with app.app_context():
        asked = select(price_of(Format.LIVE, None, 720)).where(Profile.party_id == known.party_id)
        assert db.session.scalar(asked) == 12_000_000_000


def test_the_page_takes_it_and_what_others_see_says_it_is_an_hours(lin, mei):
    browser = lin.browser()

    saved = submit(browser, "/u/profile", **FORM, price_live_hour_fen="800", price_article_fen="900")
    address = f"/c/{lin.api('GET', '/profile').json['handle']}"
    own, public = browser.get("/u/profile").text, mei.browser().get(address).text

    assert saved.status_code == 303 and hour(lin) == 80_000
    assert 'value="800"' in own and "直播 / 小时" in own
    assert "¥800/小时" in public and "¥900/小时" not in public
    assert "CN¥800/h" in mei.browser().get(f"{address}?lang=en").text


@pytest.mark.parametrize("typed", ["0", "-3", "12.345", "很贵"])
def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(lin, typed):
    answer = submit(lin.browser(), "/u/profile", **FORM, price_live_hour_fen=typed)

    assert answer.status_code == 422
    assert 'href="#f-price_live_hour_fen"' in answer.text and f'value="{typed}"' in answer.text


def test_a_card_names_the_lowest_price_and_only_an_hours_as_one(lin, app):
    from market.accounts.vocabulary import Format
    from market.creators.pages import card_of
    from market.creators.queries import profile

    lin.api("PATCH", "/profile", json=PROFILE | {"price_live_hour_fen": 80_000})
    with app.test_request_context():
        mine = profile(lin.party_id)
        said = [card_of(mine, each)["price"] for each in (None, Format.LIVE, Format.VIDEO, Format.ARTICLE)]
        mine.price_live_hour_fen = 900_000
        dear = card_of(mine)["price"]

    assert said == ["¥800/小时", "¥800/小时", "¥8,000.00", "—"]
    assert dear == "¥8,000.00"


def test_what_such_a_show_costs_is_told_for_its_hours(lin, bo, mei):
    lin.api("PATCH", "/profile", json=PROFILE | {"price_live_hour_fen": 80_000})
    bo.api("PATCH", "/profile", json=PROFILE | {"price_live_hour_fen": 120_000})

    def said(minutes):
        brief = drafted(mei, format="live", budget_fen=200_000)
        mei.api("PATCH", f"/tasks/{brief['id']}", json={"live_minutes": minutes}, headers={"If-Match": "*"})
        return mei.browser().get(f"/m/tasks/{brief['id']}/edit").text

    two_hours, unsaid = said(120), said(None)

    assert "2 位已认证创作者提供户外渔具直播（2 小时）" in two_hours and "¥1,600.00" in two_hours
    assert (
        "在您的预算以内的有 1 位" in two_hours
        and "/小时" not in two_hours.split("已认证创作者提供")[1].split("</div>")[0]
    )
    assert "¥800/小时" in unsaid and "按 1 小时算，公开报价在您的预算以内的有 2 位" in unsaid

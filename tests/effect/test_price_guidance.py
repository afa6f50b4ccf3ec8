"""Quartiles of accepted bids: of the narrowest group that is large enough, and never of so few that one shows."""

from datetime import date

from market.kit import ids
from tests.briefs import drafted, opened
from tests.matching.conftest import profile

PRICES = [100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000]


def accepted(app, merchants, creators, prices, **over):
    """Briefs awarded at these prices, in turn by merchant and creator; written as rows, since only those are asked."""
    from market.bids.models import Bid, BidState
    from market.kit.clock import now
    from market.kit.db import db, transaction

    for at, price in enumerate(prices):
        task = opened(merchants[at % len(merchants)], **over)
        with app.app_context(), transaction():
            db.session.add(
                Bid(
                    task_id=ids.decode("tsk", task["id"]),
                    creator_id=creators[at % len(creators)].party_id,
                    price_fen=price,
                    plan="照需求做",
                    delivery_on=date(2026, 12, 1),
                    state=BidState.AWARDED,
                    decided_at=now(),
                )
            )


def guided(player, **query):
    query = {"category": "outdoor", "format": "video"} | query
    answer = player.api("GET", "/price-guidance", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["prices"]


def test_quartiles_of_what_merchants_accepted(app, mei, sides):
    accepted(app, *sides, PRICES)

    found = guided(mei)

    assert (found["n"], found["low_fen"], found["mid_fen"], found["high_fen"]) == (
        8,
        200_000,
        400_000,
        600_000,
    )
    assert found["category"] == "outdoor" and found["levels"] is None


def test_seven_prices_are_too_few(app, mei, sides):
    accepted(app, *sides, PRICES[:7])

    assert guided(mei) is None


def test_two_merchants_are_too_few_however_much_they_bought(app, mei, sides):
    merchants, creators = sides
    accepted(app, merchants[:2], creators, PRICES)

    assert guided(mei) is None


def test_a_level_with_enough_prices_stands_alone_and_another_takes_all_levels(app, mei, sides):
    for creator in sides[1]:
        profile(creator, platform_level=5)
    accepted(app, *sides, PRICES)

    assert guided(mei, level=4)["levels"] == [4, 6]
    assert guided(mei, level=1)["levels"] is None


def test_a_category_nobody_bought_in_takes_the_format(app, mei, sides):
    accepted(app, *sides, PRICES)

    assert guided(mei, category="beauty")["category"] is None
    assert guided(mei, category="beauty", format="live") is None


def test_of_a_wanted_length_where_enough_is_known_else_of_all_lengths(app, mei, sides):
    accepted(app, *sides, PRICES, length="long")
    accepted(app, *sides, [each // 10 for each in PRICES], length="short")

    long, short, medium = (guided(mei, length=length) for length in ("long", "short", "medium"))

    assert (long["length"], long["mid_fen"], long["n"]) == ("long", 400_000, 8)
    assert (short["length"], short["mid_fen"]) == ("short", 40_000)
    assert (medium["length"], medium["n"]) == (None, 16)
    assert guided(mei)["n"] == 16


def test_of_live_what_was_paid_for_an_hour_times_the_wanted_hours_else_whole_shows(app, mei, sides):
    accepted(app, *sides, PRICES, format="live", live_minutes=120)
    accepted(app, *sides, [each // 4 for each in PRICES], format="live", live_minutes=30)

    three_hours, unsaid = guided(mei, format="live", live_minutes=180), guided(mei, format="live")

    assert (three_hours["live_minutes"], three_hours["n"]) == (180, 16)
    assert (three_hours["low_fen"], three_hours["mid_fen"], three_hours["high_fen"]) == (
        300_000,
        600_000,
        900_000,
    )
    assert (unsaid["live_minutes"], unsaid["n"], unsaid["low_fen"]) == (None, 16, 100_000)
    assert guided(mei, live_minutes=180) is None, "a video has no hours"
    assert (
        mei.api("GET", "/price-guidance?category=food&format=live&live_minutes=45").json["errors"][0][
            "pointer"
        ]
        == "/live_minutes"
    )


def test_of_shows_whose_hours_nobody_said_the_whole_is_told_as_it_was(app, mei, sides):
    accepted(
        app,
        *sides,
        PRICES,
        format="live",
        from_template=False,
        goal="讲清楚这根竿为什么值得买",
        deliverables=["一场直播"],
    )

    found = guided(mei, format="live", live_minutes=180)

    assert (found["live_minutes"], found["mid_fen"]) == (None, 400_000)


def test_the_page_says_that_hours_were_reckoned(app, mei, sides):
    accepted(app, *sides, PRICES, format="live", live_minutes=120)
    draft = drafted(mei, format="live", live_minutes=180)

    edit = mei.browser().get(f"/m/tasks/{draft['id']}/edit").text

    assert "按小时价折成 3 小时：同类目、同形式" in edit and "¥6,000.00" in edit

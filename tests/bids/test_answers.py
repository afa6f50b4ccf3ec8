"""K9: whoever was not chosen is told one true thing, and where he stood."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from market.bids.answers import facts
from market.bids.models import Bid
from tests import play


def bid(price_fen: int, day: int) -> Bid:
    return Bid(id=uuid4(), price_fen=price_fen, delivery_on=date(2026, 11, day))


def test_a_dearer_offer_hears_its_place_and_how_far_above_the_middle_it_was():
    chosen, mine, middle = bid(100_000, 5), bid(130_000, 5), bid(110_000, 6)

    assert facts(mine, chosen, [chosen, mine, middle]) == {
        "reason": "price",
        "place": 3,
        "of": 3,
        "percent": 19,
    }
    assert facts(middle, chosen, [chosen, mine, middle]) == {"reason": "price", "place": 2, "of": 3}


def test_of_two_offers_no_distance_is_told_that_would_be_the_others_price():
    chosen, mine = bid(100_000, 5), bid(130_000, 5)

    assert facts(mine, chosen, [chosen, mine]) == {"reason": "price", "place": 2, "of": 2}


def test_a_cheaper_but_later_offer_hears_of_the_date():
    chosen, mine, third = bid(100_000, 5), bid(90_000, 9), bid(95_000, 6)

    assert facts(mine, chosen, [chosen, mine, third]) == {"reason": "date", "place": 3, "of": 3, "days": 3}


def test_who_was_behind_in_neither_hears_that_it_was_the_plan():
    chosen, mine = bid(100_000, 5), bid(90_000, 5)

    assert facts(mine, chosen, [chosen, mine]) == {"reason": "plan", "place": 1, "of": 2}


@pytest.mark.parametrize(
    ("price_fen", "says"), [(900_000, "报价在 2 份里从低到高排第 2"), (600_000, "交稿日在 2 份里")]
)
def test_the_award_answers_everybody_else_on_page_and_api(app, cast, price_fen, says):
    from market.bids import service as bidding
    from market.kit import ids
    from market.kit.db import transaction

    mei, lin, bo = cast["mei"], cast["lin"], cast["bo"]
    task_id, bid_id = play.bid_on_brief(mei, lin, price_fen=800_000)
    day = (datetime.now(UTC) + timedelta(days=18)).date()
    offer = {"price_fen": price_fen, "plan": "我来拍，一天交脚本。", "delivery_on": day}
    with app.app_context(), transaction():
        other = bidding.place(task_id, bo.party_id, offer, by=bo.actor).id
    before = bo.api("GET", f"/bids/{ids.encode('bid', other)}").json
    assert before["answer"] == ""

    made = mei.api(
        "POST",
        f"/tasks/{ids.encode('tsk', task_id)}/award",
        json={"bid_id": ids.encode("bid", bid_id)},
        headers={"Idempotency-Key": uuid4().hex},
    )

    assert made.status_code == 201, made.text
    told = bo.api("GET", f"/bids/{ids.encode('bid', other)}").json
    assert (told["state"], says in told["answer"]) == ("lost", True)
    assert lin.api("GET", f"/bids/{ids.encode('bid', bid_id)}").json["answer"] == "", (
        "the winner needs no comfort"
    )
    assert told["answer"] in mei.browser().get(f"/m/tasks/{told['task_id']}").text, "who chose reads it too"
    page = bo.browser()
    for path in ("/u/bids", f"/u/bids/{told['id']}", f"/t/{told['task_id']}"):
        assert told["answer"] in page.get(path).text, path

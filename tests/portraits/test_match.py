"""How alike buyers and fans are is a term of the score, and nobody is punished for what is not known."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.people import CREATORS, MERCHANTS
from demo.portraits import FEMALE, counts
from market.kit import ids
from market.matching.retrieval import Sums
from market.matching.scoring import ALIKE, PORTRAIT_MOST, Portraits, Record, score
from market.portraits.models import PARTS, Whose
from market.portraits.shown import compare, show
from tests.briefs import opened
from tests.matching.conftest import profile
from tests.matching.test_scoring import brief, creator
from tests.portraits.test_door import FANS, account, both, part, portrait, tell  # noqa: F401
from tests.portraits.test_protection import CALM

OTHERS = {
    "gender": {"female": 1500, "male": 8500},
    "age": {"18-24": 500, "25-34": 1500, "35-44": 3000, "45+": 5000},
    "price": {"u100": 500, "100-300": 1000, "300-1000": 3500, "1000+": 5000},
}


@pytest.fixture
def reader(app):
    with app.test_request_context("/"):
        yield


def shown(cells: dict, persons: int = 10_000, whose: Whose = Whose.FANS):
    found = show(whose, date(2026, 11, 1), persons, cells, 20)
    assert found
    return found


def term(*portraits, **more):
    made = score(brief(), creator(), Sums(tags=1.0), Record(), portraits=Portraits(*portraits, **more))
    assert made.points == pytest.approx(sum(each.points for each in made.terms), abs=1e-3)
    return made, next(each for each in made.terms if each.code == "portrait")


cells_of = st.fixed_dictionaries(
    {name: st.fixed_dictionaries({key: st.integers(0, 500) for key in keys}) for name, keys in PARTS.items()}
)


@CALM
@given(cells_of, cells_of)
def test_likeness_is_between_none_and_one_the_same_both_ways_and_one_with_oneself(a, b):
    one, other = shown(a), shown(b)

    there, back = compare(one, other), compare(other, one)
    assert (there and there.score) == (back and back.score)
    assert there is None or 0 <= there.score <= 1
    own = compare(one, one)
    assert own is None or own.score == 1


def test_cells_that_one_side_joins_are_compared_joined():
    found = compare(
        shown(FANS),
        shown(FANS | {"age": {"u18": 500, "18-24": 3000, "25-34": 4500, "35-44": 1995, "45+": 5}}),
    )

    ages = next(each for each in found.parts if each.part == "age")
    assert [keys for keys, _here, _there in ages.rows] == [
        ("u18", "18-24"),
        ("25-34",),
        ("35-44", "45+"),
    ]


def test_the_likeness_adds_or_takes_points_and_says_why(reader):
    alike, same = term(shown(FANS, whose=Whose.BUYERS), shown(FANS))
    unlike, other = term(shown(FANS, whose=Whose.BUYERS), shown(OTHERS))
    missing, none = term(shown(FANS, whose=Whose.BUYERS), None)

    assert same.points == PORTRAIT_MOST
    assert -PORTRAIT_MOST <= other.points < 0
    assert none.points == 0
    assert alike.fit > missing.fit > unlike.fit
    assert same.text == "您的买家有 45% 是25–34 岁，TA 的粉丝有 45%"
    assert (same.numbers["buyers"], same.numbers["fans"]) == (0.45, 0.45)
    assert other.text == "您的买家有 78% 是女性，TA 的粉丝有 15%"


def test_without_portraits_the_score_is_what_it_was(reader):
    without = score(brief(), creator(), Sums(tags=1.0), Record())

    assert term(None, None)[0].points == without.points
    assert term(None, shown(FANS))[0].points == without.points
    assert term(shown(FANS, whose=Whose.BUYERS), None)[0].points == without.points


def test_others_than_the_merchant_read_nothing_of_his_buyers(reader):
    made, said = term(shown(FANS, whose=Whose.BUYERS), shown(FANS), for_merchant=False)

    assert made.points == term(shown(FANS, whose=Whose.BUYERS), shown(FANS))[0].points
    assert said.numbers == {}
    assert "%" not in said.text


def test_the_merchant_reads_the_comparison_and_nobody_else(both, zhou, mei, lin):  # noqa: F811
    shop, star = both["shop"], both["star"]
    task = opened(shop, category="beauty")
    row = shop.api("GET", f"/tasks/{task['id']}/matches").json["data"][0]
    said = next(each for each in row["terms"] if each["code"] == "portrait")
    path = f"/tasks/{task['id']}/matches/{star.party_id}/portraits"

    found = shop.api("GET", path).json

    assert said["points"] > 0
    assert said["numbers"]["likeness"] == found["score"] == 1
    assert {row["name"]: (row["buyers"], row["fans"]) for row in found["parts"][0]["rows"]} == {
        "女性": (78, 78),
        "男性": (22, 22),
    }
    assert [each.api("GET", path).status_code for each in (mei, lin, zhou)] == [403, 403, 403]
    seen = zhou.api("GET", f"/tasks/{task['id']}/matches").json["data"][0]
    assert "%" not in next(each for each in seen["terms"] if each["code"] == "portrait")["text"]
    mine = star.api("GET", "/matches").json["data"][0]
    assert next(each for each in mine["terms"] if each["code"] == "portrait")["numbers"] == {}


def test_of_too_few_buyers_the_comparison_says_that_they_are_too_few(app, mei, lin):
    from market.kit.db import db, transaction
    from market.portraits.models import Portrait

    profile(lin)
    task = opened(mei)
    with app.app_context(), transaction():
        db.session.add(
            Portrait(
                party_id=mei.party_id,
                whose=Whose.BUYERS,
                day=date(2026, 11, 1),
                persons=60,
                cells={"gender": {"female": 40, "male": 20}},
            )
        )

    path = f"/m/tasks/{task['id']}/matches/{ids.encode('pty', lin.party_id)}/portraits"
    page = mei.browser().get(path).text

    assert "买家人数还太少" in page
    assert "还没有您的买家画像" not in page


def test_people_of_the_demo_world_who_have_nothing_to_do_with_each_other_are_about_as_alike_as_the_score_takes_for_usual():
    draw = random.Random(8)
    fans = [
        (each.categories, shown(counts(draw, each.fans, each.categories, each.female, each.tier), each.fans))
        for each in CREATORS
    ]
    likenesses = []
    for merchant in MERCHANTS:
        buyers = shown(counts(draw, 20_000, (merchant.category,), FEMALE[merchant.category], "new1"), 20_000)
        likenesses += [
            compare(buyers, theirs).score for kinds, theirs in fans if merchant.category not in kinds
        ]

    assert abs(sum(likenesses) / len(likenesses) - ALIKE) < 0.05

"""The terms of the score, one rule each."""

from datetime import timedelta

import pytest

from market.accounts.vocabulary import Format
from market.creators.models import Profile
from market.kit.clock import now
from market.matching.history import growth
from market.matching.retrieval import Sums
from market.matching.scoring import Record, against, lower_bound, score
from market.matching.service import _spread
from market.orders.capacity import Room
from market.tasks.models import Task


@pytest.fixture(autouse=True)
def reader(app):
    with app.test_request_context("/"):
        yield


def brief(**fields) -> Task:
    given = {"category": "beauty", "format": Format.VIDEO, "budget_fen": 100_000, "audience": {}}
    return Task(**given | fields)


def creator(**fields) -> Profile:
    given = {"categories": ["beauty"], "price_video_medium_fen": 80_000, "slots_per_week": 2, "audience": {}}
    return Profile(**given | fields)


def value(sums: Sums | None = None, record: Record | None = None, *, task=None, profile=None) -> float:
    return score(task or brief(), profile or creator(), sums or Sums(), record or Record()).value


def test_the_terms_add_up_to_the_points():
    made = score(
        brief(), creator(), Sums(tags=2, near=0.4, pair=1, lately=3, yearly=5, works=6), Record(4, 4, 3, 2)
    )

    assert made.points == pytest.approx(sum(term.points for term in made.terms), abs=1e-3)
    assert sum(term.share for term in made.terms) == pytest.approx(1, abs=1e-3)
    assert list(made.terms) == sorted(made.terms, key=lambda term: -term.points)
    assert made.reasons == made.terms[:3]
    assert all(term.text for term in made.terms)


@pytest.mark.parametrize(
    "more", [{"tags": 3.0}, {"near": 0.5}, {"pair": 1.0}, {"lately": 4.0}, {"yearly": 4.0}]
)
def test_every_kind_of_past_work_counts(more):
    assert value(Sums(**more)) > value()


def test_recent_work_counts_more():
    at = now()

    assert growth(at - timedelta(days=120)) == pytest.approx(growth(at) / 2)


def test_a_price_under_the_budget_beats_one_above_it():
    assert value(profile=creator(price_video_medium_fen=70_000)) > value(
        profile=creator(price_video_medium_fen=99_000)
    )
    assert value(profile=creator(price_video_medium_fen=99_000)) > value(
        profile=creator(price_video_medium_fen=120_000)
    )


def test_one_perfect_delivery_does_not_beat_twenty_good_ones():
    assert lower_bound(1, 1) < lower_bound(19, 20)
    assert lower_bound(0, 0) < lower_bound(10, 12)


def test_fans_who_are_wanted_count():
    wanted = brief(audience={"gender": ["female"], "age": ["18-24", "25-34"]})
    near = creator(audience={"gender": {"female": 82, "male": 18}, "age": {"18-24": 40, "25-34": 35}})
    far = creator(audience={"gender": {"female": 20, "male": 80}, "age": {"18-24": 40, "25-34": 35}})

    assert value(task=wanted, profile=near) > value(task=wanted) > 0
    assert value(task=wanted, profile=near) > value(task=wanted, profile=far)


def test_who_is_full_or_does_not_answer_stands_lower_however_well_they_fit():
    full = Room(slots=2, taken=2, free=0, at_once=0)
    assert value() > score(brief(), creator(), Sums(), Record(), room=full).value
    assert value(profile=creator(replies=9, unanswered=1)) > value(profile=creator(replies=1, unanswered=9))
    assert (
        score(brief(), creator(), Sums(), Record(), room=full).fit
        == score(brief(), creator(), Sums(), Record()).fit
    )


def test_what_speaks_against_is_where_one_falls_behind_the_list():
    strong = score(brief(), creator(), Sums(tags=4, pair=1), Record())
    weak = score(brief(), creator(), Sums(pair=1), Record())

    assert against(weak, [strong, weak]).code == "history"
    assert against(strong, [strong, strong]) is None


def test_an_agency_gets_three_of_the_first_ten_places():
    creators = list(range(14))
    agencies = dict.fromkeys(range(6), "A")

    shown = _spread(creators, agencies)

    assert sum(agencies.get(n) == "A" for n in shown[:10]) == 3
    assert sorted(shown) == creators
    assert shown[10:13] == [3, 4, 5], "the others follow in their order"


def test_words_that_earn_points_are_not_told_as_nothing_alike(reader):
    made = score(brief(), creator(), Sums(said=0.18), Record())

    similar = next(term for term in made.terms if term.code == "similar")
    assert similar.points > 0
    assert "18%" in similar.text

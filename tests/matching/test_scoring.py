"""The terms of the score, one rule each."""

from datetime import timedelta

import pytest

from market.accounts.vocabulary import Format
from market.creators.models import Profile
from market.kit.clock import now
from market.matching.scoring import WEIGHTS, Delivery, Record, lower_bound, score
from market.tasks.models import Task


@pytest.fixture(autouse=True)
def reader(app):
    with app.test_request_context("/"):
        yield


def brief(**fields) -> Task:
    given = {"category": "beauty", "format": Format.VIDEO, "budget_fen": 100_000, "audience": {}}
    return Task(**given | fields)


def creator(**fields) -> Profile:
    given = {"categories": ["beauty"], "price_video_fen": 80_000, "slots_per_week": 2, "audience": {}}
    return Profile(**given | fields)


def delivered(n: int, *, days_ago: int = 10, category: str = "beauty", late: int = 0) -> Record:
    at = now() - timedelta(days=days_ago)
    return Record(
        tuple(Delivery(category, "video", at, on_time=k >= late, first_pass=True) for k in range(n))
    )


def total(task: Task, profile: Profile, record: Record | None = None) -> float:
    return score(task, profile, record or Record(), now())[0]


def test_the_reasons_add_up_to_the_score():
    value, reasons = score(brief(), creator(), delivered(4), now())

    assert value == pytest.approx(sum(reason.share for reason in reasons))
    assert {reason.code for reason in reasons} == set(WEIGHTS)
    assert list(reasons) == sorted(reasons, key=lambda reason: -reason.share)
    assert all(reason.text for reason in reasons)


def test_work_in_the_same_category_counts_and_recent_work_counts_more():
    assert total(brief(), creator(), delivered(3)) > total(brief(), creator(), delivered(3, category="food"))
    assert total(brief(), creator(), delivered(3)) > total(brief(), creator(), delivered(3, days_ago=360))


def test_a_price_under_the_budget_beats_one_above_it():
    assert total(brief(), creator(price_video_fen=70_000)) > total(brief(), creator(price_video_fen=99_000))
    assert total(brief(), creator(price_video_fen=99_000)) > total(brief(), creator(price_video_fen=120_000))


def test_one_perfect_delivery_does_not_beat_twenty_good_ones():
    assert lower_bound(1, 1) < lower_bound(19, 20)
    assert lower_bound(0, 0) < lower_bound(10, 12)


def test_fans_who_are_wanted_count():
    wanted = brief(audience={"gender": ["female"], "age": ["18-24", "25-34"]})
    near = creator(audience={"gender": {"female": 82, "male": 18}, "age": {"18-24": 40, "25-34": 35}})
    far = creator(audience={"gender": {"female": 20, "male": 80}, "age": {"18-24": 40, "25-34": 35}})

    assert total(wanted, near) > total(wanted, creator()) > 0
    assert total(wanted, near) > total(wanted, far)


def test_who_is_full_stands_lower():
    assert total(brief(), creator(), Record(running=0)) > total(brief(), creator(), Record(running=2))


def test_the_page_states_the_weights_the_score_uses(app):
    from tests.conftest import ROOT

    page = (ROOT / "templates/matching/creators.html").read_text()

    for code, name in {
        "history": "类目经验",
        "record": "履约记录",
        "price": "价格",
        "audience": "受众",
        "availability": "档期",
    }.items():
        assert f"{name} {WEIGHTS[code] * 100:.0f}%%" in page

"""Backwards from D-day."""

from datetime import date

from market.planning.calendar import STEPS, backwards, late_risk

TODAY = date(2026, 11, 1)


def test_the_last_step_ends_on_the_day_and_each_begins_where_the_one_before_ends():
    made = backwards(date(2026, 12, 12), TODAY, {})

    assert made.steps[-1].end == date(2026, 12, 12)
    assert all(one.end == two.begin for one, two in zip(made.steps, made.steps[1:], strict=False))
    assert made.slack == 41 - sum(days for _code, days in STEPS)


def test_too_near_a_day_says_how_many_days_are_missing_and_the_earliest():
    made = backwards(date(2026, 11, 5), TODAY, {"draft": (9, 40)})

    assert made.slack == 4 - (sum(days for _code, days in STEPS) + 4)
    assert backwards(made.earliest, TODAY, {"draft": (9, 40)}).slack == 0
    assert next(step for step in made.steps if step.code == "draft").measured == 40


def test_a_long_clean_record_is_trusted_more_than_a_short_one():
    assert late_risk(0, 0) == 0.5
    assert late_risk(40, 40) < late_risk(2, 2) < late_risk(1, 2)

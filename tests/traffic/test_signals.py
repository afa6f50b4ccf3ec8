"""What counts as odd, and what does not: the rules on drawn accounts with known truth, and one rule each."""

from datetime import date, timedelta

import pytest

from bench.traffic import by_story, count, ours, plain, world
from market.traffic.comments import bare, compare
from market.traffic.models import SignalKind
from market.traffic.signals import Day, hours_of, look

TODAY = date(2026, 11, 20)
NIGHT_AND_DAY = [1, 0, 0, 0, 0, 0, 2, 4, 8, 9, 9, 10, 12, 10, 8, 8, 8, 9, 12, 15, 18, 20, 15, 6]


def ordinary(n: int = 60, fans: int = 20_000, rise: int = 20) -> list[Day]:
    """`n` days: 20 fans more each, 8,000 plays, a night and a day."""
    return [
        Day(
            TODAY - timedelta(days=n - 1 - at),
            fans + at * rise + at % 3,
            8000,
            sum(NIGHT_AND_DAY),
            NIGHT_AND_DAY,
        )
        for at in range(n)
    ]


def jumped(days: list[Day], at: int, more: int, plays: int = 8000) -> list[Day]:
    return [
        Day(
            day.day,
            (day.fans or 0) + (more if n >= at else 0),
            plays if n == at else day.plays,
            day.interactions,
            day.hours,
        )
        for n, day in enumerate(days)
    ]


def test_ordinary_days_show_nothing():
    assert look(ordinary()) == []
    assert look([]) == []


def test_fans_whom_no_plays_brought_are_seen_with_the_figures():
    (found,) = look(jumped(ordinary(), 50, 5000))

    assert (found.kind, found.until_day) == (SignalKind.GROWTH, TODAY - timedelta(days=9))
    assert found.evidence["rise"] == pytest.approx(5020, abs=3)
    assert found.evidence["usual"] == pytest.approx(20, abs=1)
    assert found.evidence["explained"] < 1000


def test_a_film_that_went_round_explains_its_fans():
    assert look(jumped(ordinary(), 50, 5000, plays=600_000)) == []


def test_a_week_of_small_portions_is_seen_as_a_week():
    days = ordinary()
    for at in range(50, 57):
        days = jumped(days, at, 700)

    (found,) = look(days)

    assert found.evidence["days"] == 7


def test_without_earlier_days_nobody_is_accused():
    assert look(jumped(ordinary(14), 12, 5000)) == []


def test_what_was_ruled_on_is_not_found_again_but_what_comes_later_is():
    days = jumped(ordinary(), 45, 5000)
    ruled = {SignalKind.GROWTH: TODAY - timedelta(days=14)}

    assert look(days, ruled) == []
    assert look(jumped(days, 55, 8000), ruled)[0].until_day == TODAY - timedelta(days=4)


def crowded(day: Day) -> Day:
    hours = list(NIGHT_AND_DAY)
    hours[3] += 900
    return Day(day.day, day.fans, day.plays, sum(hours), hours)


def test_interactions_in_one_hour_on_three_days_are_seen_on_two_they_are_not():
    days = ordinary()
    twice = [crowded(day) if at in (45, 50) else day for at, day in enumerate(days)]
    thrice = [crowded(day) if at in (45, 50, 55) else day for at, day in enumerate(days)]

    assert look(twice) == []
    (found,) = look(thrice)
    assert found.kind is SignalKind.RHYTHM
    assert len(found.evidence["days"]) == 3


def test_who_is_on_air_two_hours_every_day_is_left_alone():
    shows = [0] * 20 + [400, 400, 0, 0]

    assert look([Day(day.day, day.fans, day.plays, 800, shows) for day in ordinary()]) == []


def test_weeks_without_a_night_are_seen():
    even = [Day(day.day, day.fans, day.plays, 2400, [100] * 24) for day in ordinary()]

    (found,) = look(even)

    assert found.evidence["how"] == "nightless"
    assert found.evidence["hours"] == pytest.approx(24, abs=0.1)


def test_hours_are_counted_by_their_entropy():
    assert hours_of([10] * 24) == pytest.approx(24, abs=0.01)
    assert hours_of([0] * 23 + [1000]) == pytest.approx(1, abs=0.01)
    assert hours_of([0] * 24) == 0


def test_a_comment_is_the_same_with_other_signs_and_digits():
    assert bare("这个真的太好用了！！👍 666") == bare("这个真的…太好用了")
    assert bare("哈哈哈哈哈哈") == bare("哈哈哈")


def test_short_comments_repeat_by_themselves_and_are_not_compared():
    assert compare(["好看"] * 30 + ["first"] * 30) == (0, {})


def talk(days: list[Day], comments: list[str]) -> list[Day]:
    read, phrases = compare(comments)
    last = days[-1]
    return [*days[:-1], Day(last.day, last.fans, last.plays, last.interactions, last.hours, read, phrases)]


OWN = [f"{chr(0x4E00 + n)}这条溪流水位{chr(0x5000 + n)}看着真不低" for n in range(100)]


def test_several_sentences_said_again_and_again_are_seen():
    farm = ["这个真的太好用了已经下单"] * 20 + ["博主推荐从没让我失望过"] * 15 + ["已经回购三次了真的绝"] * 15

    (found,) = look(talk(ordinary(), OWN + farm))

    assert found.kind is SignalKind.REPETITION
    assert found.evidence["phrases"][0] == ["这个真的太好用了已经下单", 20]
    assert (found.evidence["read"], found.evidence["repeated"]) == (150, 47)


def test_the_password_of_a_give_away_is_not_a_comment_farm():
    assert look(talk(ordinary(), OWN + ["我要抽这根碳素路亚竿"] * 200)) == []


def test_on_drawn_accounts_the_signals_are_right_far_more_often_than_a_plain_threshold():
    accounts = world(seed=1, each=12)

    mine, other = count(accounts, ours), count(accounts, plain)

    for kind in SignalKind:
        assert mine[kind].precision >= 0.75, (kind, mine[kind])
        assert mine[kind].precision >= other[kind].precision, (kind, mine[kind], other[kind])
        assert mine[kind].recall >= 0.45, (kind, mine[kind])


def test_of_the_honest_only_those_are_wronged_of_whom_no_figure_shows_the_reason():
    told = by_story(world(seed=2, each=12))

    wronged = {story for story, share in told.items() if story.startswith("honest") and share > 0.1}
    assert wronged <= {
        "honest: fans from elsewhere, unseen",
        "honest: mentioned by a large account",
        "honest here: went round and stalled",
    }

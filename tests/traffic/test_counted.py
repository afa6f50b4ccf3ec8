"""What counts as odd in the platform's own counts, one rule each; drawn creators are in test_signals."""

from datetime import date, timedelta

import pytest

from market.traffic.counted import CountedDay, Sums, counted_days, look_at_counted
from market.traffic.models import SignalKind

TODAY = date(2026, 11, 20)
SHARES = {("outdoor", "player"): 0.5, ("", "player"): 0.4}


def ordinary(n: int = 56, plays: int = 100, share: float = 0.5) -> list[CountedDay]:
    return [
        CountedDay(TODAY - timedelta(days=n - 1 - at), plays, 4, plays, plays * 0.5, int(plays * share))
        for at in range(n)
    ]


def with_day(days: list[CountedDay], at: int, plays: int, watched: int, unseen: int = 0) -> list[CountedDay]:
    odd = CountedDay(days[at].day, plays, unseen, plays, plays * 0.5, watched)
    return [*days[:at], odd, *days[at + 1 :]]


def test_ordinary_days_show_nothing():
    assert look_at_counted(ordinary()) == []
    assert look_at_counted([]) == []


def test_many_plays_that_nobody_watched_are_seen_with_the_figures():
    (found,) = look_at_counted(with_day(ordinary(), 50, 2100, 90))

    assert (found.kind, found.from_day, found.until_day) == (
        SignalKind.UNWATCHED,
        TODAY - timedelta(days=5),
        TODAY - timedelta(days=5),
    )
    told = found.evidence
    assert (told["plays"], told["usual"], told["watched"]) == (2100, 100, 90)
    assert (told["pct"], told["usual_pct"]) == (4, 50)


def test_many_plays_that_were_watched_are_a_good_day():
    assert look_at_counted(with_day(ordinary(), 50, 20_000, 6000)) == []


def test_a_day_nobody_watched_without_more_plays_than_usual_is_a_bad_film():
    assert look_at_counted(with_day(ordinary(), 50, 250, 0)) == []


def test_whose_films_are_always_left_early_is_measured_by_himself():
    assert look_at_counted(with_day(ordinary(share=0.06), 50, 4000, 200)) == []


def test_a_few_plays_say_nothing():
    assert look_at_counted(with_day(ordinary(plays=5), 50, 190, 0)) == []


def test_without_two_weeks_before_nobody_is_accused():
    assert look_at_counted(with_day(ordinary(14), 12, 5000, 0)) == []


def test_what_was_ruled_on_is_not_found_again_but_what_comes_later_is():
    days = with_day(ordinary(), 45, 2100, 0)
    ruled = {SignalKind.UNWATCHED: TODAY - timedelta(days=8)}

    assert look_at_counted(days, ruled) == []
    (found,) = look_at_counted(with_day(days, 52, 3000, 0), ruled)
    assert found.from_day == TODAY - timedelta(days=3)


def test_plays_that_no_screen_showed_are_seen_though_they_were_watched():
    (found,) = look_at_counted(with_day(ordinary(), 50, 1000, 500, unseen=900))

    assert found.kind is SignalKind.UNSEEN
    assert (found.evidence["unseen"], found.evidence["pct"]) == (900, 90)


def test_viewers_who_swipe_on_leave_fewer_unseen_plays_than_that():
    assert look_at_counted(with_day(ordinary(), 50, 1000, 500, unseen=450)) == []


def test_plays_in_one_hour_on_three_days_are_seen_on_two_they_are_not():
    clock = [1, 0, 0, 0, 0, 0, 2, 4, 8, 9, 9, 10, 12, 10, 8, 8, 8, 9, 12, 15, 18, 20, 15, 6]
    burst = [n + (900 if hour == 3 else 0) for hour, n in enumerate(clock)]

    def days(*odd: int) -> list[CountedDay]:
        return [
            CountedDay(day.day, 184, 0, 184, 92, 92, burst if at in odd else clock)
            for at, day in enumerate(ordinary())
        ]

    assert look_at_counted(days(45, 50)) == []
    (found,) = look_at_counted(days(45, 50, 54))
    assert (found.kind, found.evidence["how"]) == (SignalKind.PACE, "crowded")


def row(ago: int, plays: int, category: str = "outdoor", surface: str = "player") -> Sums:
    return Sums(TODAY - timedelta(days=ago), category, surface, plays, plays // 2, 0)


def days_of(*rows: Sums, lost: tuple[date, ...] = ()) -> list[CountedDay]:
    return counted_days(rows, {}, SHARES, until=TODAY, lost=lost)


def test_days_without_a_play_are_days_too_from_the_first_play_on():
    days = days_of(row(3, 10), row(1, 20))

    assert [day.plays for day in days] == [10, 0, 20, 0]
    assert days_of(row(3, 0)) == []


def test_of_a_category_of_which_nothing_is_known_all_together_are_the_measure_of_an_unknown_place_nothing():
    (day,) = days_of(row(0, 100), row(0, 100, category="food"), row(0, 100, surface="venue"))

    assert (day.plays, day.judged) == (300, 200)
    assert day.usual == pytest.approx(90)


def test_days_on_which_counting_had_gaps_are_left_out():
    assert [day.plays for day in days_of(row(2, 10), row(1, 500), lost=(TODAY - timedelta(days=1),))] == [
        10,
        0,
    ]

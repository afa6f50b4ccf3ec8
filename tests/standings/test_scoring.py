"""The score: beside what is usual on the same surfaces, drawn to it where there is little to go by."""

from hypothesis import given
from hypothesis import strategies as st

from market.standings.scoring import LOW_PLAYS, RED_PLAYS, Mark, Seen, Usual, score

USUAL = Usual(
    [("home", Seen("player", 10_000, 6_000, 2_000)), ("home", Seen("discover", 10_000, 3_000, 500))]
)


def of(plays: int, plays5: int, finishes: int, surface: str = "player", fit: int | None = 100):  # type: ignore[no-untyped-def]
    found = score("home", [Seen(surface, plays, plays5, finishes)], USUAL, fit)
    assert found
    return found


def test_a_usual_film_has_fifty_on_every_surface():
    assert of(1000, 600, 200).score == 50
    assert of(1000, 300, 50, "discover").score == 50
    assert of(1000, 600, 200, fit=None).score == 50


def test_a_film_that_starts_by_itself_is_not_measured_by_films_that_were_opened():
    assert of(1000, 300, 50, "discover").mark is Mark.PLAIN
    assert of(1000, 300, 50, "player").score < of(1000, 300, 50, "discover").score


def test_few_plays_say_little_and_put_nobody_on_a_list():
    assert of(3, 0, 0).score > 45
    assert of(LOW_PLAYS - 1, 0, 0).mark is Mark.PLAIN
    assert of(LOW_PLAYS, 0, 0).mark is Mark.LOW
    assert of(RED_PLAYS - 1, RED_PLAYS - 1, RED_PLAYS - 1).mark is Mark.PLAIN
    assert of(RED_PLAYS, RED_PLAYS, RED_PLAYS).mark is Mark.RED


def test_products_of_another_category_than_the_brief_cost_points():
    assert of(1000, 600, 200, fit=0).score == 40


def test_a_category_with_too_few_plays_is_measured_by_all():
    both = Usual([("home", Seen("player", 10_000, 6_000, 2_000)), ("pets", Seen("player", 100, 0, 0))])

    found = score("pets", [Seen("player", 100, 0, 0)], both, None)

    assert found
    assert found.finish_pct < 100


def test_nobody_played_anything():
    assert score("home", [], USUAL, 100) is None
    assert score("home", [Seen("player", 0, 0, 0)], Usual([]), 100) is None


@given(st.integers(1, 10**7), st.floats(0, 1), st.floats(0, 1), st.none() | st.integers(0, 100))
def test_the_score_stays_within_its_bounds_and_rises_with_finishes(plays, five, whole, fit):
    plays5 = round(plays * five)
    finishes = round(plays5 * whole)

    found = of(plays, plays5, finishes, fit=fit)

    assert 0 <= found.score <= 100
    assert of(plays, plays5, plays5, fit=fit).score >= found.score

"""Places: the same few do not lead every list, and everybody stands in one."""

from uuid import UUID

import pytest

from market.matching.turns import FIRST, KEEP, PAGE, Standing, Turn, arrange, limit


def ranking(n: int, **over) -> list[Standing]:
    """`n` creators, the best first, each a hundredth behind the one before; `over` by number."""
    return [
        Standing(UUID(int=at), 0.9 - at / 100, **{"lists": 3} | over.get(f"c{at}", {})) for at in range(n)
    ]


def ids(places) -> list[int]:
    return [place.id.int for place in places]


def test_without_rivals_and_marked_places_the_score_alone_orders():
    places = arrange(ranking(40))

    assert ids(places) == list(range(40))
    assert not any(place.turn for place in places)


def test_who_leads_enough_lists_stands_behind_the_first_and_the_place_says_so():
    places = arrange(ranking(40, c0={"rivals": 5, "limit": 5}))

    assert 0 not in ids(places)[:FIRST]
    assert [(place.id.int, place.turn, place.rank) for place in places if place.turn] == [(0, Turn.WAITS, 1)]
    assert sorted(ids(places)) == list(range(40)), "nobody is left out"


def test_each_list_led_costs_a_little_before_the_cap():
    places = arrange(ranking(40, c3={"rivals": 2, "limit": 5}))

    assert ids(places)[:9] == [0, 1, 2, 4, 5, 6, 3, 7, 8], "two lists of five: four percent of the score"
    assert [(place.id.int, place.turn, place.rank) for place in places if place.turn] == [(3, Turn.WAITS, 4)]


def test_nobody_far_behind_passes_who_waits():
    ranked = [Standing(UUID(int=0), 0.9, rivals=9, limit=5), Standing(UUID(int=1), 0.9 * KEEP - 0.01)]
    assert ids(arrange(ranked, gives_way=0)) == [0, 1]

    ranked[1] = Standing(UUID(int=1), 0.9 * KEEP + 0.01)
    assert ids(arrange(ranked, gives_way=0)) == [1, 0]


def test_where_all_lead_enough_the_score_orders_again():
    busy = {f"c{at}": {"rivals": 7, "limit": 5} for at in range(15)}

    assert ids(arrange(ranking(15, **busy))) == list(range(15))


def test_the_last_of_the_page_are_a_new_and_an_unseen_one_and_the_top_stays():
    given = {"c30": {"new": True, "lists": 0}, "c31": {"new": True, "lists": 2}, "c35": {"lists": 0}}
    places = arrange(ranking(40, **given), marked=2, floor=1)

    assert ids(places)[: PAGE - 2] == list(range(PAGE - 2))
    assert [(place.id.int, place.turn, place.rank) for place in places[PAGE - 2 : PAGE]] == [
        (30, Turn.NEW, 31),
        (35, Turn.UNSEEN, 36),
    ]
    assert sorted(ids(places)) == list(range(40))


def test_a_new_one_whom_lists_have_shown_comes_after_the_unseen():
    given = {"c30": {"new": True, "lists": 2}, "c33": {"lists": 0}, "c35": {"lists": 0}}

    assert set(ids(arrange(ranking(40, **given), marked=2, floor=1))[PAGE - 2 : PAGE]) == {33, 35}


def test_marked_places_nobody_needs_go_by_score():
    assert ids(arrange(ranking(40), marked=2, floor=1)) == list(range(40))
    assert ids(arrange(ranking(40, c30={"lists": 0}), marked=2, floor=0)) == list(range(40)), "no floor"


def test_a_list_of_one_page_or_less_is_not_reordered_for_marked_places():
    given = {"c5": {"new": True, "lists": 0}}

    assert ids(arrange(ranking(PAGE, **given), marked=2, floor=1)) == list(range(PAGE))


def test_who_leads_enough_lists_takes_no_marked_place():
    given = {"c30": {"new": True, "lists": 0, "rivals": 5, "limit": 5}}

    assert 30 not in ids(arrange(ranking(40, **given), marked=2, floor=1))[:PAGE]


@pytest.mark.parametrize("lists", [30, 300])
def test_list_after_list_everybody_is_seen_and_nobody_leads_more_than_the_cap(lists):
    """As many briefs as it takes, each by another merchant, all wanting the same: the worst case."""
    seen, led = [0] * 60, [0] * 60
    for _brief in range(lists):
        ranked = [
            Standing(
                UUID(int=at), 0.9 - at / 200, led[at], limit(5, 1, lists, 60), seen[at], draw=at * 7 % 31
            )
            for at in range(60)
        ]
        places = arrange(ranked, marked=2, floor=1)
        for place in places[:FIRST]:
            led[place.id.int] += 1
        for place in places[:PAGE]:
            seen[place.id.int] += 1

    assert min(seen) >= 1
    assert max(led) <= limit(5, 1, lists, 60)


def test_a_free_slot_more_is_a_cap_more_and_scarce_supply_raises_it():
    assert limit(5, 1, merchants=1, supply=500) == limit(5, 0, merchants=1, supply=500) == 5
    assert limit(5, 3, merchants=1, supply=500) == 15
    assert limit(5, 1, merchants=30, supply=10) == 75, "two and a half times what each would have"
    assert limit(0, 1, merchants=30, supply=500) == float("inf")

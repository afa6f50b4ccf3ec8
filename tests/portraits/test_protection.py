"""No small group of persons can be read out of what is shown."""

from collections import defaultdict
from datetime import date
from itertools import combinations, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.portraits import protection
from market.portraits.models import INTEREST_NAMES, PARTS, Whose
from market.portraits.shown import FEWEST, show

KEYS = list(PARTS["age"])
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
persons_of_a_cell = st.one_of(st.integers(0, 60), st.integers(0, 3), st.integers(0, 100_000))


@st.composite
def counted(draw, keys=tuple(KEYS)):
    """Cells, the total with some who are in no cell, and the least."""
    cells = {key: draw(persons_of_a_cell) for key in keys}
    return cells, sum(cells.values()) + draw(persons_of_a_cell), draw(st.integers(2, 40))


@CALM
@given(counted())
def test_no_subtraction_of_what_is_shown_yields_a_small_group(given_):
    cells, persons, least = given_

    found = protection.groups(cells, KEYS, persons, least)

    numbers = [persons, *(each.persons for each in found)] if found else [persons]
    assert sum(numbers[1:]) in (0, persons)
    for n in range(1, len(found)):
        for some in combinations(found, n):
            inside = sum(each.persons for each in some)
            assert inside >= least
            assert persons - inside >= least


@CALM
@given(counted())
def test_a_hidden_cell_has_company_and_whatever_it_holds_the_others_make_up_for(given_):
    cells, persons, least = given_
    unknown = persons - sum(cells.values())

    for group in protection.groups(cells, KEYS, persons, least):
        small = [key for key in group.keys if (cells | {protection.UNKNOWN: unknown})[key] < least]
        if small:
            assert len(group.keys) >= 2
            assert group.persons >= 2 * least


def test_nobody_who_knows_the_rule_can_work_out_a_small_cell():
    """All tables of up to four cells and 14 persons, least 3: of those that are shown alike, no small cell always holds the
    same, though the exact numbers of the groups and the total are given away."""
    least = 3
    for width in (2, 3, 4):
        keys = KEYS[:width]
        alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
        for persons in range(6, 15):
            for cells in product(range(persons + 1), repeat=width):
                if sum(cells) <= persons:
                    shown = protection.groups(dict(zip(keys, cells, strict=True)), keys, persons, least)
                    alike[persons, tuple((g.keys, g.persons) for g in shown)].append(
                        (*cells, persons - sum(cells))
                    )
        for tables in alike.values():
            *cells_held, unknown_held = (set(column) for column in zip(*tables, strict=True))
            assert all(len(held) > 1 or min(held) >= least for held in cells_held)
            # That nobody is unknown is told by the absence of that cell: it is nobody whom it tells of.
            assert unknown_held == {0} or len(unknown_held) > 1 or min(unknown_held) >= least


@CALM
@given(counted(keys=tuple(INTEREST_NAMES)))
def test_an_interest_is_shown_when_neither_those_who_have_it_nor_the_others_are_few(given_):
    cells, persons, least = given_

    for n in protection.interests(cells, list(INTEREST_NAMES), persons, least).values():
        assert least <= n <= persons - least


@CALM
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_percents_add_up(persons):
    shares = protection.percents(persons)

    assert sum(shares) == (100 if sum(persons) else 0)
    assert all(
        abs(share - 100 * n / max(1, sum(persons))) < 1 for share, n in zip(shares, persons, strict=True)
    )


@CALM
@given(st.integers(0, 10**9), st.integers(1, 50))
def test_a_total_is_rounded_and_a_portrait_of_few_is_not_shown(persons, least):
    shown = show(Whose.FANS, date(2026, 11, 1), persons, {}, least)

    assert (shown is None) == (persons < FEWEST * least)
    if shown:
        assert shown.persons <= persons
        assert len(str(shown.persons).rstrip("0")) <= 2


def test_neighbours_are_joined_and_the_others_left_as_they_are():
    cells = {"u18": 5, "18-24": 400, "25-34": 500, "35-44": 300, "45+": 2}

    found = protection.groups(cells, KEYS, 1207, 20)

    assert [(each.keys, each.persons) for each in found] == [
        (("u18", "18-24"), 405),
        (("25-34",), 500),
        (("35-44", "45+"), 302),
    ]


def test_a_part_of_two_cells_with_a_small_one_is_not_shown():
    assert protection.groups({"female": 990, "male": 10}, ["female", "male"], 1000, 20) == []

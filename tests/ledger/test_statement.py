"""Reading back: what happened to an account, page by page, and what was posted for a thing."""

import pytest
from flask import Flask

from market.kit.errors import Invalid
from market.ledger import queries
from market.ledger.movements import Leg, PostingKind
from prove.acts import FEE, available, charge, escrow, funded, pending, put, stage, uid

RELEASE = PostingKind.RELEASE


def test_a_statement_shows_only_the_legs_of_its_accounts():
    milestone, lin, ada = funded(10_00), uid(), uid()
    put(
        RELEASE,
        "release:1",
        Leg(stage(milestone), pending(lin), 8_00),
        Leg(stage(milestone), pending(ada), 1_00),
        Leg(stage(milestone), FEE, 1_00),
    )

    (entry,) = queries.statement([pending(lin), available(lin)])

    assert entry.kind is RELEASE
    assert entry.legs == (Leg(stage(milestone), pending(lin), 8_00),)
    assert (entry.change(pending(lin)), entry.change(stage(milestone))) == (8_00, -8_00)


def test_a_movement_between_ones_own_accounts_is_one_entry():
    milestone, lin = funded(10_00), uid()
    put(RELEASE, "release:1", Leg(stage(milestone), pending(lin), 10_00))
    put(PostingKind.MATURE, "mature:1", Leg(pending(lin), available(lin), 10_00))

    mature, release = queries.statement([pending(lin), available(lin)])

    assert (mature.change(pending(lin)), mature.change(available(lin))) == (-10_00, 10_00)
    assert (release.change(pending(lin)), release.change(available(lin))) == (10_00, 0)


def test_pages_go_on_where_the_last_ended():
    order = uid()
    posted = [charge(order, fen) for fen in range(1, 8)]

    read, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = queries.statement([escrow(order)], limit=3, cursor=cursor)
        read += [entry.posting_id for entry in page]
        cursor, pages = page.next_cursor, pages + 1

    assert read == posted[::-1]
    assert pages == 3


def test_a_cursor_that_is_none_is_refused(app: Flask):
    with app.test_request_context(), pytest.raises(Invalid):
        queries.statement([escrow(uid())], cursor="cur_0")


def test_an_account_without_postings_has_an_empty_statement():
    page = queries.statement([pending(uid())])

    assert (list(page), page.next_cursor) == ([], None)


def test_the_postings_of_a_source_come_in_order_with_all_their_legs():
    milestone, lin, order = funded(10_00), uid(), uid()
    source = ("milestone", milestone)
    first = put(
        RELEASE,
        "a",
        Leg(stage(milestone), pending(lin), 2_00),
        Leg(stage(milestone), FEE, 1_00),
        source=source,
    )
    second = put(RELEASE, "b", Leg(stage(milestone), pending(lin), 3_00), source=source)
    put(RELEASE, "c", Leg(stage(milestone), pending(lin), 1_00), source=("milestone", order))

    entries = queries.postings_of("milestone", milestone)

    assert [entry.posting_id for entry in entries] == [first, second]
    assert [len(entry.legs) for entry in entries] == [2, 1]


def test_balances_of_many_accounts_are_read_at_one_moment():
    order, other = uid(), uid()
    charge(order, 5_00)

    held = queries.balances([escrow(order), escrow(other), FEE])

    assert held == {escrow(order): 5_00, escrow(other): 0, FEE: 0}


def test_the_totals_of_each_kind_are_what_its_accounts_hold():
    charge(uid(), 5_00)
    milestone = funded(3_00)
    put(RELEASE, "release:1", Leg(stage(milestone), FEE, 1_00))

    held = {total.kind.value: (total.accounts, total.amount) for total in queries.totals()}

    assert held == {"SC": (1, 8_00), "EU": (2, 5_00), "EM": (1, 2_00), "FEE": (1, 1_00)}

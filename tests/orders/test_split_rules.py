"""Rates in versions: an order keeps its own, and every version shares out to the fen."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.kit.db import db, transaction
from market.kit.figures import figures
from market.orders import queries, split_rules
from market.orders.shares import Shares
from market.orders.split_rules import SplitRule
from tests import play
from tests.conftest import Player

bps = st.integers(0, 10_000)


def test_an_order_keeps_the_rule_it_was_made_under(
    app: Flask, mei: Player, lin: Player, bo: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = play.award(mei, lin)
    monkeypatch.setattr("market.orders.awarding.figures", replace(figures, fee_bps=700, tax_bps=100))
    second, third = play.award(mei, bo), play.award(mei, lin)

    with app.app_context():
        old, new, same = (queries.find(each) for each in (first, second, third))
        assert (old.fee_bps, old.tax_bps) == (figures.fee_bps, figures.tax_bps)
        assert (new.fee_bps, new.tax_bps) == (700, 100)
        assert old.rule_version < new.rule_version == same.rule_version
        assert new.terms["rule_version"] == new.rule_version
        assert db.session.query(SplitRule).count() == 2


def test_a_company_pays_its_taxes_itself(app: Flask, mei: Player, lin: Player) -> None:
    from market.accounts.queries import find_party

    with app.app_context(), transaction():
        find_party(lin.party_id).claim = {"kind": "company", "legal_name": "林间影视"}
    order_id = play.award(mei, lin)

    with app.app_context():
        order = queries.find(order_id)
        assert order.tax_bps == figures.company_tax_bps == 0
        assert all(m.shares.tax == 0 for m in order.milestones)


def test_awards_at_once_agree_on_one_version(app: Flask) -> None:
    changed = replace(figures, fee_bps=123)

    def ask(_: int) -> int:
        with app.app_context(), transaction():
            return split_rules.current(changed).version

    with ThreadPoolExecutor(6) as crowd:
        assert len(set(crowd.map(ask, range(6)))) == 1


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10**10),
    st.lists(st.integers(0, 10**6), max_size=6),
    st.fixed_dictionaries({"fee_bps": bps, "commission_bps": bps, "tax_bps": bps}),
)
def test_every_version_shares_out_to_the_fen_in_any_parts(
    amount: int, cuts: list[int], rates: dict[str, Any]
) -> None:
    whole = Shares.of(amount, **rates)
    steps = sorted({0, amount, *(cut * amount // 10**6 for cut in cuts)})
    parts = [Shares.between(a, b, **rates) for a, b in pairwise(steps)]

    assert whole.total == amount and min(whole) >= 0
    assert [sum(column) for column in zip(*parts, strict=True)] == (list(whole) if parts else [])

"""Any order of movements keeps the books: a machine plays the business against the ledger and a plain model of it.

A failure prints the steps that led to it; the short form always plays the same games.
"""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from market.kit.db import transaction
from market.ledger import queries, service
from market.ledger.accounts import KINDS, Account
from market.ledger.checks import check
from market.ledger.errors import InsufficientFunds, KeyReused
from market.ledger.movements import Leg, PostingKind
from tests.ledger.acts import FEE, SC, SFE, TAX, K, available, escrow, pending, put, stage, transit, uid

P = PostingKind
HOT = [SC, FEE, TAX, SFE, Account(K.PLATFORM_FUNDS), Account(K.PROMOTIONS)]
few = st.integers(0, 2)
amount = st.integers(1, 1_000)


class Business(RuleBasedStateMachine):
    """A few orders, milestones and payees, so that they meet; the model is one number per account."""

    def __init__(self) -> None:
        super().__init__()
        self.names = [uid() for _ in range(16)]
        self.posted: list[tuple[PostingKind, str, tuple[Leg, ...], UUID]] = []
        with transaction():
            before = queries.balances(HOT)
        self.model: Counter[Account] = Counter(before)

    def move(self, kind: PostingKind, *legs: Leg) -> None:
        """Post, and expect exactly what the model expects: the movement or its refusal."""
        after = self.model.copy()
        for leg in legs:
            after[leg.debit] -= leg.fen * KINDS[leg.debit.kind].sign
            after[leg.credit] += leg.fen * KINDS[leg.credit.kind].sign
        key = f"{kind}:{self.names[0]}:{len(self.posted)}"
        if any(fen < 0 and not KINDS[account.kind].hot for account, fen in after.items()):
            with pytest.raises(InsufficientFunds):
                put(kind, key, *legs)
            return
        self.posted.append((kind, key, legs, put(kind, key, *legs)))
        self.model = after

    @rule(order=few, fen=amount, fee=st.integers(0, 30))
    def charge(self, order: int, fen: int, fee: int) -> None:
        self.move(P.CHARGE, Leg(SC, escrow(self.names[order]), fen), Leg(SFE, SC, fee))

    @rule(order=few, fen=amount)
    def promote(self, order: int, fen: int) -> None:
        self.move(P.PROMOTION, Leg(Account(K.PROMOTIONS), escrow(self.names[order]), fen))

    @rule(order=few, parts=st.lists(amount, min_size=1, max_size=3))
    def award(self, order: int, parts: list[int]) -> None:
        legs = [Leg(escrow(self.names[order]), stage(self.names[3 + n]), fen) for n, fen in enumerate(parts)]
        self.move(P.AWARD, *legs)

    @rule(
        milestone=few,
        creator=few,
        agency=few,
        fen=amount,
        cuts=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    )
    def release(self, milestone: int, creator: int, agency: int, fen: int, cuts: tuple[int, int]) -> None:
        escrowed, first, second = stage(self.names[3 + milestone]), *sorted(cuts)
        shares = fen * first // 100, fen * (second - first) // 100
        self.move(
            P.RELEASE,
            Leg(escrowed, pending(self.names[6 + agency]), shares[0]),
            Leg(escrowed, FEE, shares[1]),
            Leg(escrowed, TAX, 1),
            Leg(escrowed, pending(self.names[6 + creator]), fen - sum(shares)),
        )

    @rule(payee=few, fen=amount)
    def mature(self, payee: int, fen: int) -> None:
        self.move(P.MATURE, Leg(pending(self.names[6 + payee]), available(self.names[6 + payee]), fen))

    @rule(payee=few, withdrawal=few, fen=amount)
    def withdraw(self, payee: int, withdrawal: int, fen: int) -> None:
        self.move(P.WITHDRAW, Leg(available(self.names[6 + payee]), transit(self.names[9 + withdrawal]), fen))

    @rule(withdrawal=few, fen=amount)
    def transfer(self, withdrawal: int, fen: int) -> None:
        self.move(P.TRANSFER, Leg(transit(self.names[9 + withdrawal]), SC, fen))

    @rule(payee=few, withdrawal=few, fen=amount)
    def fail_to_withdraw(self, payee: int, withdrawal: int, fen: int) -> None:
        self.move(
            P.WITHDRAW_FAILED, Leg(transit(self.names[9 + withdrawal]), available(self.names[6 + payee]), fen)
        )

    @rule(payee=few, withdrawal=few, fen=amount)
    def fail_to_pay_out(self, payee: int, withdrawal: int, fen: int) -> None:
        passing = transit(self.names[9 + withdrawal])
        self.move(P.PAYOUT_FAILED, Leg(passing, available(self.names[6 + payee]), fen), Leg(SC, passing, fen))

    @rule(order=few, milestone=few, refund=few, fen=amount)
    def refund(self, order: int, milestone: int, refund: int, fen: int) -> None:
        out = Account(K.REFUND_IN_TRANSIT, self.names[12 + refund])
        self.move(
            P.REFUND, Leg(escrow(self.names[order]), out, fen), Leg(stage(self.names[3 + milestone]), out, 1)
        )

    @rule(refund=few, fen=amount)
    def settle_refund(self, refund: int, fen: int) -> None:
        self.move(P.REFUND_SETTLED, Leg(Account(K.REFUND_IN_TRANSIT, self.names[12 + refund]), SC, fen))

    @rule(fen=amount)
    def take_fees_home(self, fen: int) -> None:
        self.move(
            P.STRIPE_ENTRY, Leg(FEE, Account(K.PLATFORM_FUNDS), fen), Leg(Account(K.PLATFORM_FUNDS), SC, fen)
        )

    @rule(which=st.integers(0, 100), other=st.booleans())
    def repeat(self, which: int, other: bool) -> None:
        if not self.posted:
            return
        kind, key, legs, posting = self.posted[which % len(self.posted)]
        if other:
            with pytest.raises(KeyReused):
                put(kind, key, *legs, Leg(SC, FEE, 1))
        else:
            assert put(kind, key, *legs) == posting

    @rule()
    def checkpoint(self) -> None:
        with transaction():
            service.checkpoint()

    @invariant()
    def the_books_are_right(self) -> None:
        with transaction():
            assert check() == []
            assert queries.balances(list(self.model)) == self.model


@pytest.mark.usefixtures("ctx")
@pytest.mark.parametrize(
    "games", [12, pytest.param(150, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_any_order_of_movements_keeps_the_books(games: int):
    run_state_machine_as_test(
        Business,
        settings=settings(
            max_examples=games,
            stateful_step_count=30,
            deadline=None,
            derandomize=games < 100,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Any order of movements keeps the books: a machine plays the whole business against the ledger and a plain model.

Every kind of movement (ledger.movements) has a rule that posts it with its legs. After each step the ledger's checks
hold, every account holds what the model says, and what was paid of a milestone in parts is what one payment would
have paid. Hypothesis chooses the steps, prints those that led to a failure, and replays a seed.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from market.kit.db import transaction
from market.ledger import queries, service
from market.ledger.accounts import KINDS, Account, AccountKind
from market.ledger.checks import check
from market.ledger.errors import InsufficientFunds, KeyReused
from market.ledger.movements import Leg, PostingKind
from market.orders.shares import Shares
from prove.acts import FEE, SC, SFE, TAX, K, available, escrow, pending, put, stage, transit, uid
from prove.ground import Broken, hold

P = PostingKind
DOLLARS = "USD"
PRO, PF, LOSS, DFE, FX, SUSP = (
    Account(kind)
    for kind in (K.PROMOTIONS, K.PLATFORM_FUNDS, K.LOSSES, K.DISPUTE_FEES, K.EXCHANGE, K.SUSPENSE)
)
SC_USD, SFE_USD, FX_USD = (
    Account(kind, currency=DOLLARS) for kind in (K.STRIPE_CLEARING, K.STRIPE_FEES, K.EXCHANGE)
)
PLATFORM = [SC, FEE, TAX, SFE, PRO, PF, LOSS, DFE, FX, SUSP, SC_USD, SFE_USD, FX_USD]
RATES = {"fee_bps": 517, "commission_bps": 3003, "tax_bps": 301}
"""On purpose such that almost every share is rounded."""

ORDERS, STAGES = 2, 2
which = st.integers(0, 1)
fen = st.integers(1, 2_000)
some = st.integers(1, 12)
"""Tenths of what there is: 10 is all, 11 and 12 are more than all, which the ledger has to refuse."""


def needs(*kinds: AccountKind) -> Callable[[Any], Any]:
    """A step that makes sense only when there is something in an account of these kinds."""
    return precondition(
        lambda self: any(fen > 0 for account, fen in self.model.items() if account.kind in kinds)
    )


class Business(RuleBasedStateMachine):
    """Two orders of two milestones, two payees and two merchants, so that they meet."""

    reached: ClassVar[Counter[PostingKind]] = Counter()
    refused: ClassVar[int] = 0
    changes: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.run = uid()
        self.names: dict[str, UUID] = {}
        self.posted: list[tuple[PostingKind, str, tuple[Leg, ...], UUID]] = []
        self.paid: Counter[UUID] = Counter()
        """Of each milestone: fen released, in how many parts so ever."""
        self.got: dict[UUID, Counter[Account]] = {}
        """Of each milestone: who got how much of it by releases."""
        self.frozen: dict[tuple[int, Account], int] = {}
        """Of each chargeback: what was frozen where."""
        with transaction():
            self.model: Counter[Account] = Counter(queries.balances(PLATFORM))
        self.others = {currency: self.owed_less_had(currency) for currency in ("CNY", DOLLARS)}
        """What games before this one left with the platform, against accounts that this one does not know."""

    def owed_less_had(self, currency: str) -> int:
        return sum(KINDS[a.kind].sign * fen for a, fen in self.model.items() if a.currency == currency)

    # Who and what there is

    def name(self, what: str, n: int = 0) -> UUID:
        return self.names.setdefault(f"{what}{n}", uid())

    def order(self, n: int) -> Account:
        return escrow(self.name("order", n))

    def stage(self, n: int, m: int) -> Account:
        return stage(self.name("stage", n * STAGES + m))

    def wallet(self, n: int) -> Account:
        return Account(K.MERCHANT_WALLET, self.name("merchant", n))

    def owed_by_merchant(self, n: int) -> Account:
        return Account(K.MERCHANT_RECEIVABLE, self.name("merchant", n))

    def pending(self, n: int) -> Account:
        return pending(self.name("payee", n))

    def available(self, n: int) -> Account:
        return available(self.name("payee", n))

    def owed_by_payee(self, n: int) -> Account:
        return Account(K.PAYEE_RECEIVABLE, self.name("payee", n))

    def held(self, n: int) -> Account:
        return Account(K.ESCROW_HELD, self.name("case", n))

    def frozen_by(self, n: int) -> Account:
        return Account(K.ESCROW_HELD, self.name("dispute", n))

    def charged_back(self, n: int) -> Account:
        return Account(K.CHARGEBACK_RECEIVABLE, self.name("dispute", n))

    def refund_to(self, n: int) -> Account:
        return Account(K.REFUND_IN_TRANSIT, self.name("refund", n))

    def transit(self, n: int) -> Account:
        return transit(self.name("withdrawal", n))

    def of(self, account: Account, tenths: int) -> int:
        """So many tenths of what is there; more than 10 is more than there is."""
        there = max(self.model[account], 0)
        return there * tenths // 10 + (tenths > 10)

    # Moving

    def move(self, kind: PostingKind, *legs: Leg, source: UUID | None = None) -> bool:
        """Post, and expect exactly what the model expects: the movement (True), or its refusal."""
        legs = tuple(leg for leg in legs if leg.fen)
        if not legs:
            return False
        after = self.model.copy()
        for leg in legs:
            after[leg.debit] -= leg.fen * KINDS[leg.debit.kind].sign
            after[leg.credit] += leg.fen * KINDS[leg.credit.kind].sign
        key = f"{kind}:{self.run}:{len(self.posted)}"
        if any(amount < 0 and not KINDS[account.kind].hot for account, amount in after.items()):
            try:
                put(kind, key, *legs)
            except InsufficientFunds:
                Business.refused += 1
                return False
            raise Broken(f"{kind} left an account below zero: {legs}")
        self.posted.append((kind, key, legs, put(kind, key, *legs)))
        self.model = after
        Business.reached[kind] += 1
        return True

    def shares(self, out_of: Account, shares: Shares, creator: int) -> list[Leg]:
        """The legs of a release: creator, agency, platform, tax."""
        return [
            Leg(out_of, self.pending(creator), shares.creator),
            Leg(out_of, self.pending(1 - creator), shares.agency),
            Leg(out_of, FEE, shares.fee),
            Leg(out_of, TAX, shares.tax),
        ]

    @initialize(paid=st.tuples(fen, fen))
    def begin(self, paid: tuple[int, int]) -> None:
        """Both orders are paid and awarded, and money has come as far as the bank: most of the business is later."""
        for n, amount in enumerate(paid):
            self.move(P.CHARGE, Leg(SC, self.order(n), 5 * amount))
            self.move(P.AWARD, *(Leg(self.order(n), self.stage(n, m), 2 * amount) for m in range(STAGES)))
            self.release(n, 0, 5)
            self.mature(n, 8)
            self.withdraw(n, 8)

    # Money in

    @rule(n=which, amount=fen, fee=st.integers(0, 30))
    def charge(self, n: int, amount: int, fee: int) -> None:
        self.move(P.CHARGE, Leg(SC, self.order(n), amount), Leg(SFE, SC, fee))

    @rule(n=which, amount=fen, rate=st.integers(1_300, 1_500), fee=st.integers(0, 5))
    def charge_settled_in_dollars(self, n: int, amount: int, rate: int, fee: int) -> None:
        """One posting per currency, by way of what we hold between them."""
        self.move(P.CHARGE, Leg(FX, self.order(n), amount))
        self.move(P.CHARGE, Leg(SC_USD, FX_USD, amount * rate // 10_000), Leg(SFE_USD, SC_USD, fee))

    @rule(n=which, amount=fen, fee=st.integers(0, 30))
    def top_up(self, n: int, amount: int, fee: int) -> None:
        self.move(P.TOP_UP, Leg(SC, self.wallet(n), amount), Leg(SFE, SC, fee))

    @needs(K.MERCHANT_WALLET)
    @rule(n=which, part=some)
    def fund(self, n: int, part: int) -> None:
        self.move(P.FUND, Leg(self.wallet(n), self.order(n), self.of(self.wallet(n), part)))

    @rule(n=which, amount=fen)
    def promote(self, n: int, amount: int) -> None:
        self.move(P.PROMOTION, Leg(PRO, self.order(n), amount))

    @needs(K.REFUND_IN_TRANSIT, K.ESCROW_UNALLOCATED)
    @rule(n=which, part=some, refunded=st.booleans())
    def give_back_what_is_not_needed(self, n: int, part: int, refunded: bool) -> None:
        back = self.refund_to(n) if refunded else self.order(n)
        self.move(P.PROMOTION_RETURNED, Leg(back, PRO, self.of(back, part)))
        if not refunded:
            self.move(P.SURPLUS, Leg(back, self.wallet(n), self.of(back, part)))

    # The order

    @needs(K.ESCROW_UNALLOCATED)
    @rule(n=which, parts=st.tuples(some, some))
    def award(self, n: int, parts: tuple[int, int]) -> None:
        """To both stages; more than there is is refused. Then a change: both sides add to the order, the money of it
        comes into the order's escrow first, and moves on to the stage."""
        order = self.order(n)
        legs = [Leg(order, self.stage(n, m), self.of(order, part) // STAGES) for m, part in enumerate(parts)]
        missing = sum(leg.fen for leg in legs) - self.model[order]
        if self.move(P.AWARD, *legs):
            missing, legs = parts[0], [Leg(order, self.stage(n, 0), parts[0])]
        if missing > 0:
            self.move(P.CHARGE, Leg(SC, order, missing))
            Business.changes += self.move(P.AWARD, *legs)

    @needs(K.ESCROW_MILESTONE)
    @rule(n=which, m=which, part=some)
    def release(self, n: int, m: int, part: int) -> None:
        """A part of a milestone, rounded so that the parts come to what one payment would have been."""
        escrowed = self.stage(n, m)
        before, amount = self.paid[escrowed.owner], self.of(escrowed, part)
        legs = self.shares(escrowed, Shares.between(before, before + amount, **RATES), n)
        if self.move(P.RELEASE, *legs):
            self.paid[escrowed.owner] += amount
            got = self.got.setdefault(escrowed.owner, Counter())
            for leg in legs:
                got[leg.credit] += leg.fen

    @needs(K.ESCROW_MILESTONE)
    @rule(n=which, m=which, part=some, to_wallet=st.booleans())
    def split(self, n: int, m: int, part: int, to_wallet: bool) -> None:
        """An exit: a part to the creator's side, the rest to the merchant."""
        escrowed = self.stage(n, m)
        to_creator = self.of(escrowed, part)
        rest = Leg(
            escrowed,
            self.wallet(n) if to_wallet else self.refund_to(n),
            max(self.model[escrowed] - to_creator, 0),
        )
        self.move(P.SPLIT, *self.shares(escrowed, Shares.of(to_creator, **RATES), n), rest)

    @needs(K.ESCROW_MILESTONE)
    @rule(n=which, m=which, part=some)
    def hold_back(self, n: int, m: int, part: int) -> None:
        self.move(P.HOLD, Leg(self.stage(n, m), self.held(n), self.of(self.stage(n, m), part)))

    @needs(K.PAYEE_PENDING)
    @rule(n=which, part=some, fee=st.integers(0, 50))
    def hold_back_what_cools(self, n: int, part: int, fee: int) -> None:
        """From each payee, and the platform's share of it."""
        legs = [Leg(self.pending(p), self.held(n), self.of(self.pending(p), part)) for p in (0, 1)]
        self.move(P.HOLD, *legs, Leg(FEE, self.held(n), fee))

    @needs(K.ESCROW_HELD)
    @rule(n=which, part=some, to_wallet=st.booleans())
    def decide(self, n: int, part: int, to_wallet: bool) -> None:
        case = self.held(n)
        to_creator = self.of(case, part)
        rest = Leg(
            case, self.wallet(n) if to_wallet else self.refund_to(n), max(self.model[case] - to_creator, 0)
        )
        self.move(P.DECIDE, *self.shares(case, Shares.of(to_creator, **RATES), n), rest)

    @needs(K.ESCROW_UNALLOCATED, K.ESCROW_MILESTONE)
    @rule(n=which, m=which, part=some, wallet=st.booleans())
    def refund(self, n: int, m: int, part: int, wallet: bool) -> None:
        froms = [self.order(n), self.stage(n, m), *([self.wallet(n)] if wallet else [])]
        self.move(P.REFUND, *(Leg(each, self.refund_to(n), self.of(each, part)) for each in froms))

    @rule(n=which, amount=fen)
    def refund_after_release(self, n: int, amount: int) -> None:
        """Each gives back its share of what was released; what a payee has no more becomes a debt of theirs."""
        shares, out = Shares.of(amount, **RATES), self.refund_to(n)
        legs = [Leg(FEE, out, shares.fee), Leg(TAX, out, shares.tax)]
        for payee, share in ((n, shares.creator), (1 - n, shares.agency)):
            for account in (self.pending(payee), self.available(payee)):
                taken = min(share, self.model[account])
                legs.append(Leg(account, out, taken))
                share -= taken
            legs.append(Leg(self.owed_by_payee(payee), out, share))
        self.move(P.REFUND, *legs)

    @needs(K.REFUND_IN_TRANSIT)
    @rule(n=which, part=some)
    def settle_refund(self, n: int, part: int) -> None:
        self.move(P.REFUND_SETTLED, Leg(self.refund_to(n), SC, self.of(self.refund_to(n), part)))

    @rule(n=which, amount=fen)
    def fail_refund(self, n: int, amount: int) -> None:
        out = self.refund_to(n)
        self.move(P.REFUND_FAILED, Leg(SC, out, amount), Leg(out, self.wallet(n), amount))

    # Chargebacks and debts

    @rule(n=which, amount=fen, fee=st.integers(0, 150))
    def open_chargeback(self, n: int, amount: int, fee: int) -> None:
        self.move(P.CHARGEBACK_OPENED, Leg(self.charged_back(n), SC, amount), Leg(DFE, SC, fee))

    @needs(K.CHARGEBACK_RECEIVABLE)
    @rule(n=which, m=which, part=some)
    def freeze_for_chargeback(self, n: int, m: int, part: int) -> None:
        froms = [self.order(n), self.stage(n, m), self.pending(n), self.available(n)]
        legs = [Leg(each, self.frozen_by(n), self.of(each, part)) for each in froms]
        if self.move(P.CHARGEBACK_FROZEN, *legs):
            for leg in legs:
                self.frozen[n, leg.debit] = self.frozen.get((n, leg.debit), 0) + leg.fen

    @needs(K.CHARGEBACK_RECEIVABLE)
    @rule(n=which, fee=st.integers(0, 150))
    def win_chargeback(self, n: int, fee: int) -> None:
        """The bank gives it back, and what was frozen goes where it came from."""
        back = [Leg(self.frozen_by(n), to, held) for (of, to), held in self.frozen.items() if of == n]
        won = self.move(
            P.CHARGEBACK_WON,
            Leg(SC, self.charged_back(n), self.model[self.charged_back(n)]),
            Leg(SC, DFE, fee),
            *back,
        )
        if won:
            self.frozen = {key: held for key, held in self.frozen.items() if key[0] != n}

    @needs(K.CHARGEBACK_RECEIVABLE)
    @rule(n=which, by_merchant=st.integers(0, 10), by_payee=st.integers(0, 10))
    def lose_chargeback(self, n: int, by_merchant: int, by_payee: int) -> None:
        """What was frozen pays first; the rest is the merchant's debt, the payee's, or our loss, by contract."""
        lost, frozen = self.charged_back(n), self.frozen_by(n)
        paid = min(self.model[frozen], self.model[lost])
        rest = self.model[lost] - paid
        merchants = rest * by_merchant // 10
        payees = (rest - merchants) * by_payee // 10
        done = self.move(
            P.CHARGEBACK_LOST,
            Leg(frozen, lost, paid),
            Leg(self.owed_by_merchant(n), lost, merchants),
            Leg(self.owed_by_payee(n), lost, payees),
            Leg(LOSS, lost, rest - merchants - payees),
        )
        if done:
            left = self.model[frozen]
            for key in [key for key in self.frozen if key[0] == n]:
                self.frozen[key] = min(self.frozen[key], left)
                left -= self.frozen[key]

    @needs(K.MERCHANT_RECEIVABLE, K.PAYEE_RECEIVABLE)
    @rule(n=which)
    def recover(self, n: int) -> None:
        """From what they earn or top up next; several debtors at once."""
        pairs = [(self.wallet(n), self.owed_by_merchant(n))]
        pairs += [(self.available(each), self.owed_by_payee(each)) for each in (0, 1)]
        self.move(
            P.RECOVERY, *(Leg(have, owed, min(self.model[have], self.model[owed])) for have, owed in pairs)
        )

    @needs(K.PAYEE_RECEIVABLE)
    @rule(n=which, part=some)
    def reverse_transfer(self, n: int, part: int) -> None:
        self.move(P.REVERSAL, Leg(SC, self.owed_by_payee(n), self.of(self.owed_by_payee(n), part)))

    @needs(K.MERCHANT_RECEIVABLE, K.PAYEE_RECEIVABLE)
    @rule(n=which, part=some, merchant=st.booleans())
    def write_off(self, n: int, part: int, merchant: bool) -> None:
        owed = self.owed_by_merchant(n) if merchant else self.owed_by_payee(n)
        self.move(P.WRITE_OFF, Leg(LOSS, owed, self.of(owed, part)))

    # Money out

    @needs(K.PAYEE_PENDING)
    @rule(n=which, part=some)
    def mature(self, n: int, part: int) -> None:
        self.move(P.MATURE, Leg(self.pending(n), self.available(n), self.of(self.pending(n), part)))

    @needs(K.PAYEE_AVAILABLE)
    @rule(n=which, part=some)
    def withdraw(self, n: int, part: int) -> None:
        self.move(P.WITHDRAW, Leg(self.available(n), self.transit(n), self.of(self.available(n), part)))

    @needs(K.PAYOUT_IN_TRANSIT)
    @rule(n=which, part=some)
    def transfer(self, n: int, part: int) -> None:
        self.move(P.TRANSFER, Leg(self.transit(n), SC, self.of(self.transit(n), part)))

    @needs(K.PAYOUT_IN_TRANSIT)
    @rule(n=which, part=some)
    def fail_to_withdraw(self, n: int, part: int) -> None:
        self.move(P.WITHDRAW_FAILED, Leg(self.transit(n), self.available(n), self.of(self.transit(n), part)))

    @rule(n=which, amount=fen)
    def fail_to_pay_out(self, n: int, amount: int) -> None:
        """Stripe gives it back after it was gone; within one posting it passes an account that may be empty."""
        passing = self.transit(n)
        self.move(P.PAYOUT_FAILED, Leg(passing, self.available(n), amount), Leg(SC, passing, amount))

    # Stripe's own entries

    @rule(amount=fen, entry=st.sampled_from([(SFE, SC), (SC, PF), (FEE, PF), (PF, SC), (SFE_USD, SC_USD)]))
    def book_stripes_entry(self, amount: int, entry: tuple[Account, Account]) -> None:
        self.move(P.STRIPE_ENTRY, Leg(*entry, amount))

    @rule(amount=fen, came=st.booleans())
    def book_the_unknown(self, amount: int, came: bool) -> None:
        self.move(P.SUSPENSE, Leg(SC, SUSP, amount) if came else Leg(SUSP, SC, amount))

    @precondition(lambda self: self.model[SUSP] != 0)
    @rule(n=which)
    def clear_the_unknown(self, n: int) -> None:
        """What came belongs to a merchant; what went was a fee."""
        there = self.model[SUSP]
        known = Leg(SUSP, self.wallet(n), -there) if there < 0 else Leg(SFE, SUSP, there)
        self.move(P.SUSPENSE_CLEARED, known)

    # What may happen at any time

    @rule(nth=st.integers(0, 100), other=st.booleans())
    def repeat(self, nth: int, other: bool) -> None:
        if not self.posted:
            return
        kind, key, legs, posting = self.posted[nth % len(self.posted)]
        if not other:
            hold(put(kind, key, *legs) == posting, f"{key} was posted twice")
            return
        changed = Leg(legs[0].debit, legs[0].credit, legs[0].fen + 1)
        try:
            put(kind, key, changed, *legs[1:])
        except KeyReused:
            return
        raise Broken(f"{key} was used for something else")

    @rule()
    def checkpoint(self) -> None:
        with transaction():
            service.checkpoint()

    @rule()
    def seal(self) -> None:
        with transaction():
            service.seal()

    # What holds after each step

    @invariant()
    def the_ledger_is_sound(self) -> None:
        Business.steps += 1
        expected = {"nothing is in suspense"} if self.model[SUSP] else set()
        with transaction():
            found = check()
        hold({each.rule for each in found} == expected, found)

    @invariant()
    def every_account_holds_what_the_model_says(self) -> None:
        with transaction():
            there = queries.balances(list(self.model))
        differing = {str(a): (there[a], fen) for a, fen in self.model.items() if there[a] != fen}
        hold(not differing, f"in the ledger, in the model: {differing}")

    @invariant()
    def what_we_have_is_what_we_owe_in_each_currency(self) -> None:
        for currency, others in self.others.items():
            off = self.owed_less_had(currency) - others
            hold(off == 0, f"{currency} is off by {off}")

    @invariant()
    def parts_come_to_the_whole(self) -> None:
        for milestone, got in self.got.items():
            whole = Shares.of(self.paid[milestone], **RATES)
            paid = Shares(
                got[FEE],
                sum(fen for a, fen in got.items() if a.kind is K.PAYEE_PENDING) - whole.creator,
                got[TAX],
                whole.creator,
            )
            hold(paid == whole, f"in parts {paid}, at once {whole}")


def play(games: int, *, steps: int, number: int) -> None:
    """So many games of so many steps; the same number plays the same games."""
    machine = seed(number)(type("Business", (Business,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=games,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            print_blob=True,
            verbosity=Verbosity.normal,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


ENOUGH = 0.95
"""Of the kinds of movement, at least."""
MOST = 200
"""Games, after which a kind that was not reached counts as one that cannot be."""


def share_reached(reached: Mapping[PostingKind, int]) -> float:
    return len([kind for kind in PostingKind if reached.get(kind)]) / len(PostingKind)


def prove(app: Flask, seconds: float, number: int) -> dict[str, Any]:
    """Games until the time is over and enough kinds were reached, 10 to a seed: seed, seed + 1 …, each of which can be
    replayed by itself."""
    forget()
    end, games = time.monotonic() + seconds, 0
    while time.monotonic() < end or (share_reached(Business.reached) < ENOUGH and games < MOST):
        try:
            play(10, steps=50, number=number + games // 10)
        except Exception as failure:
            notes = "\n".join([str(failure), *getattr(failure, "__notes__", [])])
            raise Broken(
                f"{notes}\nreplay: ./vtask prove machine --seconds 1 --seed {number + games // 10}"
            ) from failure
        games += 10
    share = share_reached(Business.reached)
    missed = [kind.value for kind in PostingKind if not Business.reached[kind]]
    hold(share >= ENOUGH, f"only {share:.0%} of the kinds were reached; not {', '.join(missed)}")
    return {
        "games": games,
        "steps": Business.steps,
        "postings": sum(Business.reached.values()),
        "refused": Business.refused,
        "changes_of_orders": Business.changes,
        "kinds_reached": f"{len(PostingKind) - len(missed)} of {len(PostingKind)} ({share:.0%})",
        "by_kind": {kind.value: Business.reached[kind] for kind in PostingKind},
    }


def forget() -> None:
    Business.reached.clear()
    Business.refused = Business.steps = Business.changes = 0

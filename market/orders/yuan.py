"""Yuan by yuan: where each fen of an order is, for each party what concerns it. Every view sums to the price.

What one may not see of the others: the merchant sees what he paid and that it was released, not how it was shared
out; the creator sees every part; the agency sees its own part and the rest as one sum; operators see all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from market.accounts.actor import Actor
from market.kit.words import N_, say
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Entry, Leg, PostingKind
from market.orders.models import Milestone, Order
from market.orders.shares import Shares
from market.orders.states import STAGE_NAMES, MilestoneState
from market.payments import chargebacks, refunds
from market.payments import queries as payments
from market.payments.models import Earning
from market.payments.refunds import Refund
from market.subsidies import service as subsidies

K = AccountKind

WORDS = {
    "awaiting": N_("待托管"),
    "never": N_("未付款，订单已结束"),
    "held": N_("托管中"),
    "frozen": N_("冻结"),
    "released": N_("已放款"),
    "creator": N_("创作者所得"),
    "agency": N_("机构分成"),
    "fee": N_("平台服务费"),
    "tax": N_("代扣税款"),
    "case": N_("仲裁中"),
    "returned": N_("已退回"),
    "rest": N_("其余各方"),
}
STATUSES = {
    "awaiting": N_("等待托管"),
    "never": N_("未发生"),
    "held": N_("托管中，验收后放款"),
    "frozen": N_("冻结，等待核查或银行的决定"),
    "lost": N_("被付款方银行追回"),
    "cooling": N_("清算中"),
    "available": N_("已入可提现余额"),
    "paid": N_("已结清"),
    "case": N_("冻结，等待仲裁结果"),
    "returned": N_("退回商家"),
}
POSTINGS = {
    PostingKind.CHARGE: N_("收到付款"),
    PostingKind.FUND: N_("钱包付款"),
    PostingKind.PROMOTION: N_("平台补贴"),
    PostingKind.PROMOTION_RETURNED: N_("退回平台补贴"),
    PostingKind.AWARD: N_("分到各阶段托管"),
    PostingKind.RELEASE: N_("放款"),
    PostingKind.MATURE: N_("清算期满"),
    PostingKind.SPLIT: N_("提前结束，按方案分配"),
    PostingKind.HOLD: N_("争议，冻结"),
    PostingKind.DECIDE: N_("仲裁结果"),
    PostingKind.CHARGEBACK_OPENED: N_("付款被银行拒付"),
    PostingKind.CHARGEBACK_FROZEN: N_("拒付，冻结"),
    PostingKind.CHARGEBACK_WON: N_("拒付撤销，恢复"),
    PostingKind.CHARGEBACK_LOST: N_("付款被银行追回"),
    PostingKind.SURPLUS: N_("没有用上的款退回"),
    PostingKind.REFUND: N_("退款"),
    PostingKind.REFUND_SETTLED: N_("退款已从支付通道划出"),
    PostingKind.REFUND_FAILED: N_("退款没有成功，转入钱包"),
}
SHARED_OUT = (K.PAYEE_PENDING, K.PAYEE_AVAILABLE, K.PAYEE_RECEIVABLE, K.FEE_REVENUE, K.TAX_PAYABLE)
"""Where released money may be; to the merchant it is one sum."""
PAYEES = (K.PAYEE_PENDING, K.PAYEE_AVAILABLE, K.PAYEE_RECEIVABLE)
MONEY_IN = (PostingKind.CHARGE, PostingKind.FUND, PostingKind.PROMOTION)
ACCOUNTS = {
    K.STRIPE_CLEARING: N_("Stripe 清算户"),
    K.MERCHANT_WALLET: N_("商家钱包"),
    K.PROMOTIONS: N_("平台补贴"),
    K.STRIPE_FEES: N_("支付通道费（平台承担）"),
    K.ESCROW_UNALLOCATED: N_("订单托管"),
    K.ESCROW_MILESTONE: N_("阶段托管"),
    K.ESCROW_HELD: N_("争议冻结"),
    K.CHARGEBACK_RECEIVABLE: N_("银行拒付"),
    K.DISPUTE_FEES: N_("争议费（平台承担）"),
    K.MERCHANT_RECEIVABLE: N_("应收商家"),
    K.LOSSES: N_("平台承担"),
    K.REFUND_IN_TRANSIT: N_("退款在途"),
    K.PAYEE_RECEIVABLE: N_("应收收款方"),
    K.FEE_REVENUE: N_("平台服务费"),
    K.TAX_PAYABLE: N_("代扣税款"),
    K.EXCHANGE: N_("换汇"),
    K.SUSPENSE: N_("待查"),
}


@dataclass(frozen=True)
class Part:
    """One piece of a milestone's amount: whose, how much, where it is, since or until when."""

    what: str
    fen: int
    status: str
    at: datetime | None = None

    @property
    def name(self) -> str:
        return say(WORDS[self.what])

    @property
    def status_name(self) -> str:
        return say(STATUSES[self.status])


@dataclass(frozen=True)
class Movement:
    """A leg of a posting, in words."""

    debit: str
    credit: str
    fen: int


@dataclass(frozen=True)
class PostingView:
    id: UUID
    kind: str
    name: str
    at: datetime
    legs: list[Movement]


@dataclass(frozen=True)
class Row:
    """A milestone: its parts sum to its amount."""

    stage: str
    name: str
    amount_fen: int
    state: MilestoneState
    due_at: datetime
    released_at: datetime | None
    parts: list[Part]
    postings: list[PostingView]


@dataclass(frozen=True)
class Yuan:
    """The page: `rows` sum to the price, and so do `totals`."""

    order: Order
    view: str
    paid_fen: int
    unused_fen: int
    """What of it the order had no use for, and gave back."""
    subsidy_fen: int
    """What of it the platform added."""
    subsidy_back_fen: int
    """What of the subsidy went back to the platform; the merchant got that much less than was returned."""
    rows: list[Row]
    totals: list[Part]
    postings: list[PostingView] = field(default_factory=list)
    refunds: Sequence[Refund] = ()
    """What is on its way back by the charges, or arrived; for the merchant and operators."""


def yuan_by_yuan(order: Order, actor: Actor) -> Yuan:
    """The order's money as the actor may see it."""
    view = _view(order, actor)
    checkouts = payments.checkouts_of(order.id)
    reader = _Reader(order, view, payments.earnings_of(order.id), chargebacks.set_aside(order.id))
    back = refunds.of_subject(order.id) if view in ("merchant", "operator") else []
    of_stage = {m.id: books.postings_of("milestone", m.id) for m in order.milestones}
    rows = [
        Row(
            stage=m.kind.value,
            name=say(STAGE_NAMES[m.kind]),
            amount_fen=m.amount_fen,
            state=m.state,
            due_at=m.due_at,
            released_at=m.released_at,
            parts=reader.parts(m, of_stage[m.id]),
            postings=reader.postings(of_stage[m.id]),
        )
        for m in order.milestones
    ]
    deposit = [entry for c in checkouts for entry in books.postings_of("checkout", c.id)]
    own = books.postings_of("order", order.id)
    disputed = [
        entry
        for found in chargebacks.of_subject(order.id)
        for entry in books.postings_of("chargeback", found.id)
    ]
    away = [entry for refund in back for entry in books.postings_of("refund", refund.id)]
    escrow = Account(K.ESCROW_UNALLOCATED, order.id)
    granted = subsidies.grant_of(order.id)
    return Yuan(
        order=order,
        view=view,
        paid_fen=sum(entry.change(escrow) for entry in (*deposit, *own) if entry.kind in MONEY_IN),
        unused_fen=-sum(entry.change(escrow) for entry in own if entry.kind is PostingKind.SURPLUS),
        subsidy_fen=granted.used_fen if granted else 0,
        subsidy_back_fen=granted.returned_fen if granted else 0,
        rows=rows,
        totals=_totals(rows),
        refunds=back,
        postings=reader.postings(
            sorted([*deposit, *own, *away, *disputed], key=lambda entry: entry.posting_id)
        ),
    )


def _view(order: Order, actor: Actor) -> str:
    if actor.is_party(order.creator_id):
        return "creator"
    if actor.is_party(order.agency_id):
        return "agency"
    return "merchant" if actor.is_party(order.merchant_id) else "operator"


def _totals(rows: Sequence[Row]) -> list[Part]:
    """The same kinds of parts added up over the milestones, in the order of WORDS."""
    sums: dict[str, int] = {}
    for row in rows:
        for part in row.parts:
            sums[part.what] = sums.get(part.what, 0) + part.fen
    return [Part(what, sums[what], "held") for what in WORDS if what in sums]


@dataclass(frozen=True)
class _Reader:
    """Reads milestones and postings with the eyes of one view."""

    order: Order
    view: str
    earnings: Sequence[Earning]
    set_aside: Mapping[UUID, tuple[int, int]]
    """By earning: what waits for a bank's decision, and what was lost by one."""

    def parts(self, m: Milestone, entries: Sequence[Entry]) -> list[Part]:
        """What of the milestone is with the payees, in escrow, in a case, and back with the merchant: its amount."""
        if m.funded_at is None:
            return self._of_all(m, "never" if m.is_over or self.order.is_over else "awaiting", None)
        in_case = self.in_case(m)
        ahead = max((e.at for e in entries if e.kind is PostingKind.RELEASE), default=None)
        parts = self._paid(m, m.released_at or ahead) if m.paid.total else []
        open_fen = m.left_fen if m.state is not MilestoneState.HELD else 0
        if open_fen:
            rest = Shares.between(m.released_fen, m.amount_fen, **self.order.rates)
            frozen = self.order.frozen_at is not None
            parts += self._shared(rest, "frozen" if frozen else "held", None if frozen else m.due_at)
        if in_case:
            parts.append(Part("case", in_case, "case"))
        returned = m.returned_fen + m.reversed_fen - (in_case if m.state is not MilestoneState.HELD else 0)
        if returned:
            what = "rest" if self.view == "agency" else "returned"
            by_bank = any(e.kind is PostingKind.CHARGEBACK_LOST for e in entries)
            since = max((e.at for e in entries if e.kind is PostingKind.REFUND), default=m.ended_at)
            parts.append(Part(what, returned, "lost" if by_bank else "returned", since))
        return parts or self._of_all(m, "held", m.due_at)

    def in_case(self, m: Milestone) -> int:
        """What of it is in a case now."""
        return books.balance(Account(K.ESCROW_HELD, m.held_by)) if m.held_by else 0

    def _of_all(self, m: Milestone, status: str, at: datetime | None) -> list[Part]:
        return self._shared(m.shares, status, at)

    def _shared(self, shares: Shares, status: str, at: datetime | None) -> list[Part]:
        """A sum that lies in one place, as this view may see it shared out."""
        if self.view == "merchant":
            return [Part("released" if status == "paid" else status, shares.total, status, at)]
        if self.view == "agency":
            return [
                Part("agency", shares.agency, status, at),
                Part("rest", shares.total - shares.agency, status, at),
            ]
        parts = [
            Part("creator", shares.creator, status, at),
            Part("fee", shares.fee, status, at),
            Part("tax", shares.tax, status, at),
        ]
        if self.order.agency_id:
            parts.insert(1, Part("agency", shares.agency, status, at))
        return parts

    def _paid(self, m: Milestone, at: datetime | None) -> list[Part]:
        """The released part, `at` its last moment; a payee reads of his own whether it still cools."""
        parts = []
        for part in self._shared(m.paid, "paid", at):
            payee = {"creator": self.order.creator_id, "agency": self.order.agency_id}.get(part.what)
            own = self.view in (part.what, "operator") or (self.view == "creator" and part.what == "creator")
            if payee is None or not own:
                parts.append(part)
                continue
            mine = [e for e in self.earnings if e.source_id == m.id and e.party_id == payee]
            cooling = [e for e in mine if e.matured_at is None and e.net_fen]
            cooling_fen = min(part.fen, sum(e.net_fen for e in cooling))
            left = part.fen - cooling_fen
            for status, taken in (("frozen", 0), ("lost", 1)):
                fen = min(left, sum(self.set_aside.get(e.id, (0, 0))[taken] for e in mine))
                if fen:
                    parts.append(Part(part.what, fen, status))
                    left -= fen
            if left:
                since = max((e.matured_at for e in mine if e.matured_at), default=at)
                # What has left for the bank, nobody can freeze.
                frozen = (
                    any(e.frozen_at for e in mine) and books.balance(Account(K.PAYEE_AVAILABLE, payee)) > 0
                )
                parts.append(Part(part.what, left, "frozen" if frozen else "available", since))
            if cooling_fen:
                parts.append(Part(part.what, cooling_fen, "cooling", min(e.matures_at for e in cooling)))
        return parts

    def postings(self, entries: Sequence[Entry]) -> list[PostingView]:
        shown = []
        for entry in entries:
            legs = self._legs(entry)
            if legs:
                name = say(POSTINGS[entry.kind]) if entry.kind in POSTINGS else entry.kind.value
                shown.append(PostingView(entry.posting_id, entry.kind.value, name, entry.at, legs))
        return shown

    def _legs(self, entry: Entry) -> list[Movement]:
        if self.view == "operator":
            return [Movement(self._word(leg.debit), self._word(leg.credit), leg.fen) for leg in entry.legs]
        if self.view == "merchant":
            return self._in_one(entry)
        return [
            Movement(self._word(leg.debit), self._word(leg.credit), leg.fen)
            for leg in entry.legs
            if self._may_see(leg)
        ]

    def _in_one(self, entry: Entry) -> list[Movement]:
        """For the merchant: what was released is one sum, however it was shared out and wherever it lies since."""
        # What the platform bears of a refund is, to him, a part of what was released.
        hidden = {K.STRIPE_FEES, K.DISPUTE_FEES} | (set() if entry.kind is PostingKind.REFUND else {K.LOSSES})
        sums: dict[tuple[str, str], int] = {}
        for leg in entry.legs:
            ends = (self._word(leg.debit), self._word(leg.credit))
            if ends[0] != ends[1] and not hidden & {
                leg.debit.kind,
                leg.credit.kind,
            }:
                sums[ends] = sums.get(ends, 0) + leg.fen
        return [Movement(debit, credit, fen) for (debit, credit), fen in sums.items()]

    def _may_see(self, leg: Leg) -> bool:
        """Stripe's fee is the platform's affair; of payees' accounts one sees one's own (the creator: the agency's
        part of a release too, since it comes out of the same sum)."""
        ends = (leg.debit, leg.credit)
        if any(end.kind in (K.STRIPE_FEES, K.DISPUTE_FEES, K.MERCHANT_RECEIVABLE, K.LOSSES) for end in ends):
            return False
        payees = {end.owner_id for end in ends if end.kind in PAYEES}
        if self.view == "agency":
            return payees <= {self.order.agency_id} and not any(
                end.kind in (K.FEE_REVENUE, K.TAX_PAYABLE) for end in ends
            )
        matured = leg.debit.kind is K.PAYEE_PENDING
        return payees <= (
            {self.order.creator_id} if matured else {self.order.creator_id, self.order.agency_id}
        )

    def _word(self, account: Account) -> str:
        if self.view == "merchant" and account.kind in (*SHARED_OUT, K.LOSSES):
            return say(WORDS["released"])
        if self.view in ("creator", "agency") and account.kind in (K.REFUND_IN_TRANSIT, K.MERCHANT_WALLET):
            back = STATUSES["returned"]
            return say(back)
        if account.kind is K.ESCROW_MILESTONE:
            stage = next((m.kind for m in self.order.milestones if m.id == account.owner_id), None)
            return (
                f"{say(ACCOUNTS[account.kind])} · {say(STAGE_NAMES[stage])}"
                if stage
                else say(ACCOUNTS[account.kind])
            )
        if account.kind in (K.PAYEE_PENDING, K.PAYEE_AVAILABLE):
            who = say(N_("机构")) if account.owner_id == self.order.agency_id else say(N_("创作者"))
            where = say(STATUSES["cooling"]) if account.kind is K.PAYEE_PENDING else say(N_("可提现"))
            return f"{who} · {where}"
        return say(ACCOUNTS[account.kind]) if account.kind in ACCOUNTS else account.kind.value

"""Yuan by yuan: where each fen of an order is, for each party what concerns it. Every view sums to the price.

What one may not see of the others: the merchant sees what he paid and that it was released, not how it was shared
out; the creator sees every part; the agency sees its own part and the rest as one sum; operators see all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from market.accounts.actor import Actor
from market.kit.words import N_, say
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Entry, Leg, PostingKind
from market.orders.models import Milestone, Order
from market.orders.states import STAGE_NAMES, MilestoneState
from market.payments import queries as payments
from market.payments.models import Earning

K = AccountKind

WORDS = {
    "awaiting": N_("待托管"),
    "never": N_("未付款，订单已结束"),
    "held": N_("托管中"),
    "released": N_("已放款"),
    "creator": N_("创作者所得"),
    "agency": N_("机构分成"),
    "fee": N_("平台服务费"),
    "tax": N_("代扣税款"),
    "rest": N_("其余各方"),
}
STATUSES = {
    "awaiting": N_("等待托管"),
    "never": N_("未发生"),
    "held": N_("托管中，验收后放款"),
    "cooling": N_("清算中"),
    "available": N_("可提现"),
    "paid": N_("已结清"),
}
POSTINGS = {
    PostingKind.CHARGE: N_("收到付款"),
    PostingKind.FUND: N_("钱包付款"),
    PostingKind.PROMOTION: N_("平台补贴"),
    PostingKind.PROMOTION_RETURNED: N_("退回平台补贴"),
    PostingKind.AWARD: N_("分到各阶段托管"),
    PostingKind.RELEASE: N_("验收放款"),
    PostingKind.MATURE: N_("清算期满"),
}
MONEY_IN = (PostingKind.CHARGE, PostingKind.FUND, PostingKind.PROMOTION)
ACCOUNTS = {
    K.STRIPE_CLEARING: N_("Stripe 清算户"),
    K.MERCHANT_WALLET: N_("商家钱包"),
    K.PROMOTIONS: N_("平台补贴"),
    K.STRIPE_FEES: N_("支付通道费（平台承担）"),
    K.ESCROW_UNALLOCATED: N_("订单托管"),
    K.ESCROW_MILESTONE: N_("阶段托管"),
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
    rows: list[Row]
    totals: list[Part]
    postings: list[PostingView] = field(default_factory=list)


def yuan_by_yuan(order: Order, actor: Actor) -> Yuan:
    """The order's money as the actor may see it."""
    view = _view(order, actor)
    checkouts = payments.checkouts_of(order.id)
    earnings = {(e.source_id, e.party_id): e for e in payments.earnings_of(order.id)}
    reader = _Reader(order, view, earnings)
    rows = [
        Row(
            stage=m.kind.value,
            name=say(STAGE_NAMES[m.kind]),
            amount_fen=m.amount_fen,
            state=m.state,
            due_at=m.due_at,
            released_at=m.released_at,
            parts=reader.parts(m),
            postings=reader.postings(books.postings_of("milestone", m.id)),
        )
        for m in order.milestones
    ]
    deposit = [entry for c in checkouts for entry in books.postings_of("checkout", c.id)]
    own = books.postings_of("order", order.id)
    escrow = Account(K.ESCROW_UNALLOCATED, order.id)
    return Yuan(
        order=order,
        view=view,
        paid_fen=sum(entry.change(escrow) for entry in (*deposit, *own) if entry.kind in MONEY_IN),
        rows=rows,
        totals=_totals(rows),
        postings=reader.postings(sorted([*deposit, *own], key=lambda entry: entry.posting_id)),
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
    earnings: dict[tuple[UUID, UUID], Earning]

    def parts(self, m: Milestone) -> list[Part]:
        status, at = self._status(m)
        released = m.state is MilestoneState.RELEASED
        if self.view == "merchant":
            what = "released" if released else status
            return [Part(what, m.amount_fen, "paid" if released else status, at)]
        shares = m.shares
        mine = self._mine(m, self.order.creator_id, status, at)
        agencys = self._mine(m, self.order.agency_id, status, at)
        if self.view == "agency":
            return [
                Part("agency", shares.agency, *agencys),
                Part("rest", m.amount_fen - shares.agency, "paid" if released else status, at),
            ]
        others = ("paid" if released else status, at)
        parts = [
            Part("creator", shares.creator, *mine),
            Part("fee", shares.fee, *others),
            Part("tax", shares.tax, *others),
        ]
        if self.order.agency_id:
            parts.insert(1, Part("agency", shares.agency, *(agencys if self.view == "operator" else others)))
        return parts

    def _status(self, m: Milestone) -> tuple[str, datetime | None]:
        if m.state is MilestoneState.RELEASED:
            return "paid", m.released_at
        if m.funded_at is None:
            return "never" if self.order.is_over else "awaiting", None
        return "held", m.due_at

    def _mine(
        self, m: Milestone, payee: UUID | None, status: str, at: datetime | None
    ) -> tuple[str, datetime | None]:
        earning = self.earnings.get((m.id, payee)) if payee else None
        if earning is None:
            return status, at
        return ("available", earning.matured_at) if earning.matured_at else ("cooling", earning.matures_at)

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
        if self.view == "merchant" and entry.kind is PostingKind.RELEASE:
            whole = sum(leg.fen for leg in entry.legs)
            return [Movement(self._word(entry.legs[0].debit), say(WORDS["released"]), whole)]
        return [
            Movement(self._word(leg.debit), self._word(leg.credit), leg.fen)
            for leg in entry.legs
            if self._may_see(leg)
        ]

    def _may_see(self, leg: Leg) -> bool:
        """Stripe's fee is the platform's affair; of payees' accounts one sees one's own (the creator: the agency's
        part of a release too, since it comes out of the same sum)."""
        ends = (leg.debit, leg.credit)
        if any(end.kind is K.STRIPE_FEES for end in ends):
            return False
        payees = {end.owner_id for end in ends if end.kind in (K.PAYEE_PENDING, K.PAYEE_AVAILABLE)}
        if self.view == "merchant":
            return not payees
        if self.view == "agency":
            return payees <= {self.order.agency_id} and not any(
                end.kind in (K.FEE_REVENUE, K.TAX_PAYABLE) for end in ends
            )
        matured = leg.debit.kind is K.PAYEE_PENDING
        return payees <= (
            {self.order.creator_id} if matured else {self.order.creator_id, self.order.agency_id}
        )

    def _word(self, account: Account) -> str:
        if account.kind is K.ESCROW_MILESTONE:
            stage = next((m.kind for m in self.order.milestones if m.id == account.owner_id), None)
            return (
                f"{say(ACCOUNTS[account.kind])} · {say(STAGE_NAMES[stage])}"
                if stage
                else say(ACCOUNTS[account.kind])
            )
        if account.kind in (K.PAYEE_PENDING, K.PAYEE_AVAILABLE):
            who = say(N_("机构")) if account.owner_id == self.order.agency_id else say(N_("创作者"))
            where = (
                say(STATUSES["cooling"]) if account.kind is K.PAYEE_PENDING else say(STATUSES["available"])
            )
            return f"{who} · {where}"
        return say(ACCOUNTS[account.kind]) if account.kind in ACCOUNTS else account.kind.value

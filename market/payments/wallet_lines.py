"""The wallet's history in words: what came and went, and what for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from market.kit.db import db
from market.kit.paging import Page
from market.kit.words import N_, say
from market.ledger.movements import Entry, PostingKind
from market.payments import registry, wallet
from market.payments.refunds import Refund

KINDS = {
    PostingKind.TOP_UP: N_("充值"),
    PostingKind.FUND: N_("托管订单"),
    PostingKind.REFUND: N_("退回原付款账户"),
    PostingKind.REFUND_FAILED: N_("退款未成功，转回钱包"),
    PostingKind.SPLIT: N_("订单退款"),
    PostingKind.DECIDE: N_("裁决退款"),
    PostingKind.SURPLUS: N_("订单没有用上的款"),
    PostingKind.RECOVERY: N_("抵扣欠款"),
}


@dataclass(frozen=True)
class Line:
    """`order_id`: the order the money went to or came from."""

    id: UUID
    kind: PostingKind
    at: datetime
    change_fen: int
    order_id: UUID | None

    @property
    def name(self) -> str:
        if self.kind is PostingKind.REFUND and self.change_fen > 0:  # out of an order, to the wallet
            return say(N_("验收后退款"))
        return say(KINDS[self.kind]) if self.kind in KINDS else self.kind.value


def lines(party_id: UUID, *, limit: int = 20, cursor: str | None = None) -> Page[Line]:
    page = wallet.history(party_id, limit=limit, cursor=cursor)
    stages = {entry.source_id for entry in page.data if entry.source_type == "milestone"}
    refunds = {entry.source_id for entry in page.data if entry.source_type == "refund"}
    orders = dict(registry.orders_of_stages(stages)) | _orders_of_refunds(refunds)
    return Page([_line(party_id, entry, orders) for entry in page.data], page.next_cursor)


def _orders_of_refunds(ids: Collection[UUID]) -> dict[UUID, UUID]:
    if not ids:
        return {}
    found = db.session.scalars(select(Refund).where(Refund.id.in_(ids)))
    return {refund.id: refund.order_id for refund in found if refund.order_id}


def _line(party_id: UUID, entry: Entry, orders: Mapping[UUID, UUID]) -> Line:
    return Line(
        id=entry.posting_id,
        kind=entry.kind,
        at=entry.at,
        change_fen=entry.change(wallet.account(party_id)),
        order_id=entry.source_id if entry.source_type == "order" else orders.get(entry.source_id),
    )

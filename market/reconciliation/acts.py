"""What needs a second operator: posting an entry nobody else will post, and letting a difference be."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from market.accounts.actor import Actor, Right
from market.accounts.queries import find_party
from market.approvals.models import Approval
from market.approvals.registry import Act, register
from market.approvals.service import ask
from market.kit import ids
from market.kit.db import db
from market.kit.pages import format_fen
from market.kit.words import N_, _, say
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import service as orders
from market.payments import entries
from market.reconciliation import pairing, service
from market.reconciliation.errors import NotAnEntry, NothingToDo
from market.reconciliation.models import Difference, Kind
from market.reconciliation.words import kind_name

K = AccountKind
CLEAR, WAIVE = "reconciliation.clear", "reconciliation.waive"

TARGETS: dict[str, tuple[AccountKind, str]] = {
    "funds": (K.PLATFORM_FUNDS, N_("平台自有资金")),
    "fees": (K.STRIPE_FEES, N_("支付通道费（平台承担）")),
    "losses": (K.LOSSES, N_("坏账")),
    "exchange": (K.EXCHANGE, N_("换汇")),
    "wallet": (K.MERCHANT_WALLET, N_("商家余额")),
    "order": (K.ESCROW_UNALLOCATED, N_("订单托管")),
}
"""Where an entry may be posted to; the last two are of the owner that is named."""
OWNED = ("wallet", "order")


def target_name(target: str) -> str:
    name = TARGETS[target][1]
    return say(name)


def ask_to_clear(
    known: Difference, target: str, owner_id: UUID | None, *, reason: str, by: Actor
) -> Approval:
    """Ask a second operator to post the entry of this difference to `target`. Raises NotAnEntry, NothingToDo."""
    if known.entry_id is None or known.kind not in (Kind.ENTRY_ALONE, Kind.SUSPENSE):
        raise NotAnEntry
    if known.resolved_at is not None:
        raise NothingToDo
    fen = known.theirs_fen or 0
    content = {
        "difference": str(known.id),
        "entry": known.entry_id,
        "amount_fen": fen,
        "currency": known.currency,
        "what": known.what,
        "target": target,
        "owner": str(owner_id) if owner_id else "",
    }
    return ask(CLEAR, known.id, content, reason=reason, by=by)


def ask_to_waive(known: Difference, *, reason: str, by: Actor) -> Approval:
    """Ask a second operator to agree that this difference stops nothing. Raises NothingToDo."""
    if known.resolved_at is not None or known.waived_at is not None:
        raise NothingToDo
    content = {
        "difference": str(known.id),
        "kind": known.kind.value,
        "ref": known.ref,
        "off_fen": known.off_fen,
        "currency": known.currency,
    }
    return ask(WAIVE, known.id, content, reason=reason, by=by)


def _clear(approval: Approval, by: Actor) -> None:
    """SC↔SUSP when the entry was never posted, then SUSP↔target; key clear:{approval}."""
    known = service.find(approval.subject_id, lock=True)
    said = approval.content
    entry = entries.find(said["entry"], lock=True)
    if known.resolved_at is not None or entry.cleared_id is not None:
        raise NothingToDo
    suspense = Account(K.SUSPENSE, currency=said["currency"])
    kind = TARGETS[said["target"]][0]
    owner = UUID(said["owner"]) if said["owner"] else None
    target = Account(kind, owner, said["currency"])
    fen = int(said["amount_fen"])
    legs = []
    if entry.posting_id is None:
        if entry.net != fen:
            raise NothingToDo
        legs.append(entries.between(Account(K.STRIPE_CLEARING, currency=said["currency"]), suspense, fen))
    legs.append(Leg(suspense, target, fen) if fen > 0 else Leg(target, suspense, -fen))
    posting_id = ledger.post(
        PostingKind.SUSPENSE_CLEARED,
        f"clear:{approval.id}",
        legs,
        source=("entry", entry.key),
        by=by,
        external_ref=entry.ref,
    )
    entry.posting_id, entry.cleared_id = entry.posting_id or posting_id, posting_id
    db.session.flush()
    pairing.pair()
    service.resolve(known)
    if kind is K.ESCROW_UNALLOCATED and owner is not None:
        orders.fund(owner, by)


def _waive(approval: Approval, by: Actor) -> None:
    service.waive(service.find(approval.subject_id, lock=True), by)


def _clear_facts(content: dict[str, Any]) -> Sequence[tuple[str, str]]:
    owner = content["owner"]
    named = ""
    if owner and content["target"] == "wallet":
        named = find_party(UUID(owner)).name
    elif owner:
        named = ids.encode("ord", UUID(owner))
    return (
        (_("通道流水"), f"{content['entry']} {content['what']}"),
        (_("金额"), _amount(content["amount_fen"], content["currency"])),
        (_("入账到"), f"{target_name(content['target'])} {named}".strip()),
    )


def _waive_facts(content: dict[str, Any]) -> Sequence[tuple[str, str]]:
    return (
        (_("差异"), f"{kind_name(Kind(content['kind']))} {content['ref']}"),
        (_("相差"), _amount(content["off_fen"], content["currency"])),
    )


def _amount(fen: int, currency: str) -> str:
    return format_fen(fen) if currency == "CNY" else f"{fen / 100:,.2f} {currency}"


def _page(difference_id: UUID) -> str:
    return f"/ops/reconciliation/{ids.encode('dif', difference_id)}"


register(Act(CLEAR, N_("把通道流水入账"), Right.RECONCILE, _clear, _clear_facts, _page))
register(Act(WAIVE, N_("确认差异、解除限制"), Right.RECONCILE, _waive, _waive_facts, _page))

"""What two operators may do about a debt: take it back from the payee's Stripe account, or give it up."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from market.accounts.actor import SYSTEM, Actor, Right
from market.accounts.queries import find_party
from market.approvals import registry
from market.approvals import service as approvals
from market.approvals.models import Approval
from market.kit import ids
from market.kit.db import db
from market.kit.events import record
from market.kit.pages import format_fen
from market.kit.words import N_, _
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.payments import calls, debts
from market.payments.alarms import alarm
from market.payments.debts import Debt, RecoveryWay
from market.payments.errors import DebtIsLess, NothingToReverse, StripeRefused
from market.payments.models import StripeCall, Withdrawal
from market.payments.states import CallState, WithdrawalState
from market.payments.views import Json

K = AccountKind
WRITE_OFF = "payments.write_off"
REVERSE = "payments.reverse_transfer"
OUT = (WithdrawalState.TRANSFERRED, WithdrawalState.PAID)
"""What came back from the bank is the payee's to decide about first."""
RECOVER = "recover"
"""The purpose of the call to Stripe."""


def ask_write_off(debt: Debt, fen: int, *, reason: str, by: Actor) -> Approval:
    """Raises DebtIsLess."""
    if fen > debt.open_fen:
        raise DebtIsLess(field="amount", most=format_fen(debt.open_fen))
    content = {
        "debt": ids.encode("dbt", debt.id),
        "party": find_party(debt.party_id).name,
        "number": debt.number,
        "fen": fen,
    }
    return approvals.ask(WRITE_OFF, debt.id, content, reason=reason, by=by)


def write_off(approval: Approval, by: Actor) -> None:
    """LOSS→PREC or MREC: the debt is given up. Raises DebtIsLess when some of it came back meanwhile."""
    debt, fen = debts.lock(approval.subject_id), int(approval.content["fen"])
    if fen > debt.open_fen:
        raise DebtIsLess(most=format_fen(debt.open_fen))
    made = ledger.post(
        PostingKind.WRITE_OFF,
        f"write-off:{approval.id}",
        [Leg(Account(K.LOSSES), debt.ledger_account, fen)],
        source=("debt", debt.id),
        by=by,
    )
    debts.settle([debt], fen, RecoveryWay.WRITE_OFF, made, by=by)


def reversible(party_id: UUID) -> Sequence[tuple[Withdrawal, int]]:
    """The payee's withdrawals that may still lie in his Stripe account, newest first, with what is left of each."""
    rows = db.session.scalars(
        select(Withdrawal)
        .where(
            Withdrawal.party_id == party_id,
            Withdrawal.state.in_(OUT),
        )
        .order_by(Withdrawal.id.desc())
        .limit(20)
    ).all()
    return [(row, left) for row in rows if (left := row.amount_fen - _asked_back(row))]


def _asked_back(withdrawal: Withdrawal) -> int:
    """What was taken back of this transfer, or is being asked for now."""
    rows = select(func.coalesce(func.sum(StripeCall.params["amount"].as_integer()), 0)).where(
        StripeCall.purpose == RECOVER,
        StripeCall.target == withdrawal.transfer_id,
        StripeCall.state != CallState.REFUSED,
    )
    return int(db.session.scalar(rows) or 0)


def ask_reversal(debt: Debt, withdrawal: Withdrawal, fen: int, *, reason: str, by: Actor) -> Approval:
    """Raises DebtIsLess, NothingToReverse."""
    _require_reversible(debt, withdrawal, fen)
    content = {
        "debt": ids.encode("dbt", debt.id),
        "party": find_party(debt.party_id).name,
        "number": debt.number,
        "withdrawal": ids.encode("wdr", withdrawal.id),
        "transfer": withdrawal.transfer_id,
        "fen": fen,
    }
    return approvals.ask(REVERSE, debt.id, content, reason=reason, by=by)


def _require_reversible(debt: Debt, withdrawal: Withdrawal, fen: int) -> None:
    if fen > debt.open_fen:
        raise DebtIsLess(field="amount", most=format_fen(debt.open_fen))
    if withdrawal.party_id != debt.party_id or withdrawal.state not in OUT:
        raise NothingToReverse
    if fen > withdrawal.amount_fen - _asked_back(withdrawal):
        raise NothingToReverse


def reverse(approval: Approval, by: Actor) -> None:
    """Ask Stripe; the debt shrinks when Stripe has done it. Raises DebtIsLess, NothingToReverse."""
    debt = debts.lock(approval.subject_id)
    key = ids.decode("wdr", approval.content["withdrawal"])
    withdrawal = db.session.get(Withdrawal, key, populate_existing=True)
    fen = int(approval.content["fen"])
    if withdrawal is None:
        raise NothingToReverse
    _require_reversible(debt, withdrawal, fen)
    calls.put(
        RECOVER,
        debt.id,
        {"amount": fen, "metadata": {"debt": str(debt.id), "approval": str(approval.id)}},
        target=str(withdrawal.transfer_id),
        again=True,
    )


def reversed_(debt_id: UUID, body: Json) -> None:
    """SC→PREC: Stripe took it from the payee's account there. What is more than the debt by now goes to the payee."""
    debt, fen = debts.lock(debt_id), int(body["amount"])
    part = min(fen, debt.open_fen)
    legs = [Leg(Account(K.STRIPE_CLEARING), debt.ledger_account, part)]
    if fen > part:
        legs.append(Leg(Account(K.STRIPE_CLEARING), Account(K.PAYEE_AVAILABLE, debt.party_id), fen - part))
    made = ledger.post(
        PostingKind.REVERSAL,
        f"trr:{body['id']}",
        legs,
        source=("debt", debt.id),
        by=SYSTEM,
        external_ref=body["id"],
    )
    debts.settle([debt], part, RecoveryWay.REVERSAL, made, by=SYSTEM)


def reversal_refused(debt_id: UUID, refusal: StripeRefused) -> None:
    """The money is not there any more; the debt stays, and the operators read why."""
    debt = debts.lock(debt_id)
    record("debt.reversal_refused", debt.id, by=SYSTEM, code=refusal.code)
    alarm("recovery_refused", debt.id, code=refusal.code, message=refusal.message)


def _facts(content: dict[str, object]) -> list[tuple[str, str]]:
    facts = [(_("欠款方"), str(content["party"])), (_("订单"), str(content["number"]))]
    if "transfer" in content:
        facts.append((_("转账"), str(content["transfer"])))
    return [*facts, (_("金额"), format_fen(int(str(content["fen"]))))]


def _page(debt_id: UUID) -> str:
    return f"/ops/debts/{ids.encode('dbt', debt_id)}"


registry.register(
    registry.Act(WRITE_OFF, N_("核销欠款"), Right.RECONCILE, write_off, facts=_facts, href=_page)
)
registry.register(
    registry.Act(REVERSE, N_("从收款账户收回欠款"), Right.RECONCILE, reverse, facts=_facts, href=_page)
)

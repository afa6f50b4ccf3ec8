"""Disputes: the platform pays first, and gets it back when it wins."""

import pytest
import stripe

from tests.stripe_local.conftest import Hooks, Sandbox
from tests.stripe_local.test_files import upload

FEE = 10_000
LONG = ("access_activity_log", "cancellation_policy_disclosure", "cancellation_rebuttal", "product_description",
        "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "uncategorized_text")  # fmt: skip


def disputed(sandbox: Sandbox, amount: int = 50_000) -> stripe.Dispute:
    charge = sandbox.charge(amount)
    opened = sandbox.control("disputes", {"charge": charge.id, "reason": "product_not_received"})
    found: stripe.Dispute = sandbox.v1.disputes.retrieve(opened["id"])
    return found


def test_opening_takes_amount_and_fee(sandbox: Sandbox, hooks: Hooks) -> None:
    sandbox.charge()
    before = sandbox.funds()[0]

    dispute = disputed(sandbox, 50_000)

    assert before + 50_000 - (50_000 * 29 // 1000 + 200) - sandbox.funds()[0] == 50_000 + FEE
    assert (dispute.status, dispute.amount, dispute.reason) == (
        "needs_response",
        50_000,
        "product_not_received",
    )
    assert sandbox.v1.charges.retrieve(dispute.charge).disputed
    hooks.wait(dispute.id, "charge.dispute.created")
    hooks.wait(dispute.id, "charge.dispute.funds_withdrawn")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.v1.refunds.create({"charge": dispute.charge})
    assert refusal.value.code == "charge_disputed"


@pytest.mark.parametrize(
    ("evidence", "status", "back"), [("winning_evidence", "won", 50_000), ("losing_evidence", "lost", 0)]
)
def test_evidence_decides(sandbox: Sandbox, hooks: Hooks, evidence: str, status: str, back: int) -> None:
    dispute = disputed(sandbox)
    before = sandbox.funds()[0]

    answered = sandbox.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})
    sandbox.advance(61)

    found = sandbox.v1.disputes.retrieve(dispute.id)
    assert (answered.status, found.status) == ("under_review", status)
    assert sandbox.funds()[0] - before == back
    assert len(found.balance_transactions) == (2 if back else 1)
    assert hooks.wait(dispute.id, "charge.dispute.closed")[0]["data"]["object"]["status"] == status


def test_evidence_is_staged_piece_by_piece_and_then_submitted(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    receipt = upload(sandbox)

    staged = sandbox.v1.disputes.update(
        dispute.id, {"evidence": {"receipt": receipt.id, "customer_name": "Mei"}, "submit": False}
    )
    sandbox.v1.disputes.update(
        dispute.id,
        {
            "evidence": {"uncategorized_text": "winning_evidence", "customer_name": "Mei Chen"},
            "submit": False,
        },
    )
    sent = sandbox.v1.disputes.update(dispute.id, {"submit": True})

    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert (sent.evidence.receipt, sent.evidence.customer_name) == (receipt.id, "Mei Chen")
    with pytest.raises(stripe.InvalidRequestError) as late:
        sandbox.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Mei"}})
    assert late.value.code == "dispute_unexpected_state"
    sandbox.advance(61)
    assert sandbox.v1.disputes.retrieve(dispute.id).status == "won"


def test_evidence_that_cannot_be_is_refused(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    logo = upload(sandbox, purpose="business_logo")

    for evidence in (
        {"receipt": "file_nowhere"},
        {"receipt": logo.id},
        dict.fromkeys(LONG, "x" * 20_000),
        {"uncategorized_text": "x" * 20_001},
    ):
        with pytest.raises(stripe.InvalidRequestError):
            sandbox.v1.disputes.update(dispute.id, {"evidence": evidence})

    found = sandbox.v1.disputes.retrieve(dispute.id)
    assert (found.status, found.evidence_details.has_evidence) == ("needs_response", False)


def test_silence_loses(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)

    sandbox.advance(7 * 86_400 + 1)

    assert sandbox.v1.disputes.retrieve(dispute.id).status == "lost"


def test_a_loss_can_be_accepted_and_a_ruling_forced(sandbox: Sandbox) -> None:
    accepted, forced = disputed(sandbox), disputed(sandbox)

    assert sandbox.v1.disputes.close(accepted.id).status == "lost"
    assert sandbox.control(f"disputes/{forced.id}", {"outcome": "won"})["status"] == "won"
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.disputes.close(forced.id)


def test_the_test_card_is_disputed_by_itself(sandbox: Sandbox) -> None:
    charge = sandbox.charge(50_000, "pm_card_createDisputeProductNotReceived")

    sandbox.advance(1)

    found = sandbox.v1.disputes.list({"charge": charge.id}).data
    assert [d.reason for d in found] == ["product_not_received"]

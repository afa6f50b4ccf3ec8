"""What of disputes needs a second operator."""

from collections.abc import Sequence

from market.accounts.actor import Actor, Right
from market.approvals.models import Approval
from market.approvals.registry import Act, Content, register
from market.disputes import queries, service
from market.disputes.errors import NotNow
from market.kit.ids import encode
from market.kit.pages import format_fen
from market.kit.words import N_, _
from market.orders import queries as orders


def _rule(approval: Approval, by: Actor) -> None:
    order = orders.find(queries.find(approval.subject_id).order_id, lock=True)
    case = queries.find(approval.subject_id)
    content = approval.content
    if content["step"] != case.step:
        raise NotNow  # decided or appealed meanwhile
    service.set_ruling(
        order, case, content["creator_fen"], content["reason"], ruled_by=approval.asked_by, by=by
    )


def _facts(content: Content) -> Sequence[tuple[str, str]]:
    creator, held = content["creator_fen"], content["held_fen"]
    return [
        (_("争议金额"), format_fen(held)),
        (_("给创作者"), format_fen(creator)),
        (_("退回商家"), format_fen(held - creator)),
        (_("理由"), content["reason"]),
    ]


register(
    Act(
        kind=service.RULING,
        title=N_("争议裁决"),
        right=Right.RECONCILE,
        perform=_rule,
        facts=_facts,
        href=lambda case_id: f"/disputes/{encode('dsp', case_id)}",
    )
)

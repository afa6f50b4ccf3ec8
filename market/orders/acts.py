"""What of orders needs a second operator."""

from collections.abc import Sequence

from market.accounts.actor import Actor, Right
from market.approvals.models import Approval
from market.approvals.registry import Act, Content, register
from market.kit.ids import decode, encode
from market.kit.pages import format_fen
from market.kit.words import N_, _, say
from market.orders import queries, taking_back
from market.orders.errors import QuoteChanged
from market.orders.states import STAGE_NAMES, Stage


def _take_back(approval: Approval, by: Actor) -> None:
    """Raises QuoteChanged when some of the stage was refunded since it was asked for, or the platform would lose more."""
    content = approval.content
    order = queries.find(approval.subject_id, lock=True)
    milestone = queries.milestone_of(order, decode("mil", content["milestone"]))
    if milestone.reversed_fen != content["before_fen"]:
        raise QuoteChanged
    taking_back.take_back(
        order,
        milestone,
        content["fen"],
        reason=approval.reason,
        to_wallet=content["to_wallet"],
        by=by,
        most_lost_fen=content.get("lost_fen", 0),
        approval_id=approval.id,
    )


def _facts(content: Content) -> Sequence[tuple[str, str]]:
    lost = content.get("lost_fen", 0)
    return [
        (_("订单"), f"{content['number']} {content['title']}"),
        (_("阶段"), say(STAGE_NAMES[Stage(content["stage"])])),
        (_("退回商家"), format_fen(content["fen"])),
        (_("退到"), _("商家钱包") if content["to_wallet"] else _("原支付方式")),
        *([(_("平台承担"), format_fen(lost))] if lost else []),
    ]


register(
    Act(
        kind=taking_back.ACT,
        title=N_("验收后退款"),
        right=Right.RECONCILE,
        perform=_take_back,
        facts=_facts,
        href=lambda order_id: f"/ops/orders/{encode('ord', order_id)}",
    )
)

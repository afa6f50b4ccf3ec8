"""The states of an order and of its milestones, and the moves between them."""

from enum import StrEnum

from market.kit.words import N_


class OrderState(StrEnum):
    """Only states that last: money arrives and the script is awaited in one step; PUBLISHING waits for the agreed
    hour."""

    AWAITING_FUNDS = "awaiting_funds"
    SCRIPTING = "scripting"
    DRAFTING = "drafting"
    PUBLISHING = "publishing"
    COMPLETED = "completed"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    SETTLED = "settled"  # ended after money was in escrow, and not all of it was released


S = OrderState
ORDER_MOVES = {
    S.AWAITING_FUNDS: {S.SCRIPTING, S.LAPSED, S.CANCELLED},
    S.SCRIPTING: {S.DRAFTING, S.SETTLED},
    S.DRAFTING: {S.PUBLISHING, S.SETTLED},
    S.PUBLISHING: {S.COMPLETED, S.SETTLED},
}
RUNNING = (S.SCRIPTING, S.DRAFTING, S.PUBLISHING)
ENDED = (S.COMPLETED, S.LAPSED, S.CANCELLED, S.SETTLED)


class Stage(StrEnum):
    """What a milestone pays for."""

    SCRIPT = "script"
    DRAFT = "draft"
    PUBLISHED = "published"


STATE_NAMES = {
    S.AWAITING_FUNDS: N_("待托管"),
    S.SCRIPTING: N_("写脚本"),
    S.DRAFTING: N_("制作初稿"),
    S.PUBLISHING: N_("发布中"),
    S.COMPLETED: N_("已完成"),
    S.LAPSED: N_("超时未付"),
    S.CANCELLED: N_("已取消"),
    S.SETTLED: N_("提前结束"),
}
STAGE_NAMES = {Stage.SCRIPT: N_("脚本"), Stage.DRAFT: N_("初稿"), Stage.PUBLISHED: N_("发布")}

DURING = {Stage.SCRIPT: S.SCRIPTING, Stage.DRAFT: S.DRAFTING, Stage.PUBLISHED: S.PUBLISHING}
"""Where the order stands while this stage is worked on."""


class MilestoneState(StrEnum):
    """The last three are endings: each has its one row in milestone_endings."""

    PENDING = "pending"
    ACTIVE = "active"
    SUBMITTED = "submitted"
    HELD = "held"  # its money is in a case
    RELEASED = "released"
    REFUNDED = "refunded"
    SPLIT = "split"


M = MilestoneState
OVER = (M.RELEASED, M.REFUNDED, M.SPLIT)
MILESTONE_MOVES = {
    M.PENDING: {M.ACTIVE, M.REFUNDED, M.SPLIT},
    # The last one is released by the landing itself, without a submission.
    M.ACTIVE: {M.SUBMITTED, M.HELD, *OVER},
    M.SUBMITTED: {M.ACTIVE, M.HELD, *OVER},
    M.HELD: {M.ACTIVE, M.SUBMITTED, *OVER},
}

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


S = OrderState
ORDER_MOVES = {
    S.AWAITING_FUNDS: {S.SCRIPTING, S.LAPSED, S.CANCELLED},
    S.SCRIPTING: {S.DRAFTING},
    S.DRAFTING: {S.PUBLISHING},
    S.PUBLISHING: {S.COMPLETED},
}
RUNNING = (S.SCRIPTING, S.DRAFTING, S.PUBLISHING)
ENDED = (S.COMPLETED, S.LAPSED, S.CANCELLED)


class Stage(StrEnum):
    """What a milestone pays for."""

    SCRIPT = "script"
    DRAFT = "draft"
    PUBLISHED = "published"


STAGE_NAMES = {Stage.SCRIPT: N_("脚本"), Stage.DRAFT: N_("初稿"), Stage.PUBLISHED: N_("发布")}

AFTER = {Stage.SCRIPT: S.DRAFTING, Stage.DRAFT: S.PUBLISHING, Stage.PUBLISHED: S.COMPLETED}
"""Where the order goes when the milestone of this stage is released."""


class MilestoneState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUBMITTED = "submitted"
    RELEASED = "released"


M = MilestoneState
MILESTONE_MOVES = {
    M.PENDING: {M.ACTIVE},
    # The last one is released by the landing itself, without a submission.
    M.ACTIVE: {M.SUBMITTED, M.RELEASED},
    M.SUBMITTED: {M.ACTIVE, M.RELEASED},
}

"""The hour of publication: the creator proposes one with the work, the merchant's acceptance agrees on it.

It lies before the order's deadline, which both agreed at the award, so that nobody's last part waits longer. A live
show has an hour of its own; it stands in the programme as soon as it is accepted.
"""

from datetime import datetime

from market.accounts.vocabulary import Format
from market.delivery.errors import NothingToSchedule, PublishAfterDeadline, PublishInThePast
from market.delivery.models import Submission
from market.kit.clock import now
from market.kit.pages import format_when
from market.orders.models import Order
from market.orders.states import Stage


def may_have_hour(order: Order, stage: Stage) -> bool:
    """Whether work of this stage is published at an hour of choice."""
    return stage is Stage.DRAFT and order.format is not Format.LIVE


def latest_hour(order: Order) -> datetime:
    return order.milestone(Stage.PUBLISHED).due_at


def check_hour(order: Order, stage: Stage, at: datetime | None) -> None:
    """Raises NothingToSchedule, PublishInThePast, PublishAfterDeadline; None, at once, is always right."""
    if at is None:
        return
    if not may_have_hour(order, stage):
        raise NothingToSchedule(field="publish_at")
    if at <= now():
        raise PublishInThePast(field="publish_at")
    if at > latest_hour(order):
        raise PublishAfterDeadline(field="publish_at", latest=format_when(latest_hour(order), "zone"))


def proposed_hour(submission: Submission) -> datetime | None:
    """What the creator proposed with this version; None when nothing, or when that hour is over."""
    written = submission.content.get("publish_at")
    at = datetime.fromisoformat(written) if written else None
    return at if at and at > now() else None

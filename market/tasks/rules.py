"""What a brief must have before creators may see it."""

from market.kit.clock import now
from market.kit.figures import figures
from market.kit.schemas import MAX_FEN
from market.kit.words import _
from market.tasks.models import Task

LEAST_TITLE = 4
LEAST_GOAL = 10


def faults(task: Task) -> dict[str, list[str]]:
    """Sentences by field; empty when the brief can be opened."""
    wrong: dict[str, list[str]] = {}

    def say(field: str, text: str) -> None:
        wrong.setdefault(field, []).append(text)

    if len(task.title) < LEAST_TITLE:
        say("title", _("标题至少 %(least)s 个字。", least=LEAST_TITLE))
    if len(task.goal) < LEAST_GOAL:
        say("goal", _("请用至少 %(least)s 个字说明目标。", least=LEAST_GOAL))
    if not task.deliverables:
        say("deliverables", _("请至少写一项交付物。"))
    if task.budget_fen is None:
        say("budget_fen", _("请填写预算。"))
    elif not figures.min_price_fen <= task.budget_fen <= MAX_FEN:
        least, most = f"{figures.min_price_fen / 100:,.2f}", f"{MAX_FEN / 100:,.2f}"
        say("budget_fen", _("金额须在 ¥%(least)s 到 ¥%(most)s 之间。", least=least, most=most))
    moment = now()
    if task.deadline is None:
        say("deadline", _("请填写交付截止时间。"))
    elif task.deadline <= moment:
        say("deadline", _("交付截止时间已经过去，请重新选择。"))
    if task.bids_close_at is not None and task.bids_close_at <= moment:
        say("bids_close_at", _("投稿截止时间已经过去，请重新选择。"))
    if task.bids_close_at and task.deadline and task.bids_close_at > task.deadline:
        say("bids_close_at", _("投稿截止不能晚于交付截止。"))
    return wrong

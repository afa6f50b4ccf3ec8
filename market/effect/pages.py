"""What the pages of briefs and bids show of it; they ask the registry, since they stand below."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from market.effect import advice
from market.tasks.models import Task
from market.tasks.registry import register_advice

bp = Blueprint("effect", __name__)


def _advise(task: Task, creator_id: UUID | None, price_fen: int | None) -> Any:
    if creator_id is None:
        return advice.for_task(task)
    return advice.for_task(task, [creator_id], {creator_id: price_fen} if price_fen else None)


register_advice(_advise)

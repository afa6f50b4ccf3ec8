"""What the pages of briefs and bids show of it; they ask the registry, since they stand below."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from market.effect import advice
from market.tasks.models import Task
from market.tasks.registry import register_advice

bp = Blueprint("effect", __name__)


def _advise(task: Task, creator_id: UUID | None) -> Any:
    return advice.for_task(task, [creator_id] if creator_id else [])


register_advice(_advise)

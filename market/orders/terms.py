"""What is frozen at the award: built once from brief, bid and figures, kept as JSON with its hash."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market.bids.models import Bid
from market.kit import ids
from market.kit.figures import Figures
from market.kit.money import split
from market.orders.fair import ExitRules
from market.orders.states import Stage
from market.tasks.models import Task

DUE_AT = {Stage.SCRIPT: 0.25, Stage.DRAFT: 0.75, Stage.PUBLISHED: 1.0}
"""Each stage is due at this part of the time between award and deadline."""


@dataclass(frozen=True)
class Part:
    """One milestone as agreed."""

    kind: Stage
    percent: int
    amount_fen: int
    due_at: datetime


def parts_of(price_fen: int, awarded_at: datetime, deadline: datetime, figures: Figures) -> list[Part]:
    """The price over script, draft and publication, exact in sum."""
    weights = [figures.milestone_script, figures.milestone_draft, figures.milestone_published]
    time = deadline - awarded_at
    return [
        Part(stage, weight, amount, awarded_at + time * DUE_AT[stage])
        for stage, weight, amount in zip(Stage, weights, split(price_fen, weights), strict=True)
    ]


def terms_of(
    task: Task,
    bid: Bid,
    parts: list[Part],
    figures: Figures,
    *,
    rule_version: int,
    tax_bps: int,
    fee_discount_bps: int = 0,
) -> dict[str, Any]:
    """Everything both sides agreed to, in plain JSON."""
    rush, deadline = bool(task.campaign_code), task.deadline
    assert deadline is not None
    return {
        "version": 1,
        "brief": {
            "id": ids.encode("tsk", task.id),
            "title": task.title,
            "category": task.category,
            "format": task.format.value,
            "length": task.length,
            "live_minutes": task.live_minutes,
            "goal": task.goal,
            "key_messages": task.key_messages,
            "dos": task.dos,
            "donts": task.donts,
            "shots": task.shots,
            "deliverables": task.deliverables,
            "product_ids": [ids.encode("prd", product) for product in task.product_ids],
        },
        "bid": {
            "id": ids.encode("bid", bid.id),
            "plan": bid.plan,
            "delivery_on": bid.delivery_on.isoformat(),
        },
        "price_fen": bid.price_fen,
        "milestones": [
            {
                "kind": p.kind.value,
                "percent": p.percent,
                "amount_fen": p.amount_fen,
                "due_at": p.due_at.isoformat(),
            }
            for p in parts
        ],
        "deadline": deadline.isoformat(),
        "fee_bps": figures.fee_bps - fee_discount_bps,
        "fee_discount_bps": fee_discount_bps,
        "commission_bps": bid.commission_bps if bid.agency_id else 0,
        "tax_bps": tax_bps,
        "rule_version": rule_version,
        "revisions": task.revisions,
        "rights": {
            "months": task.rights_months,
            "channels": list(task.rights_channels),
            "note": bid.rights_note,
        },
        "campaign_code": task.campaign_code,
        "auto_accept_h": figures.rush_auto_accept_h if rush else figures.auto_accept_h,
        "cooling_h": figures.cooling_h,
        "exit": ExitRules.of(figures).as_terms(),
        "funding_lapse_h": figures.funding_lapse_h,
        "staged_funding": bid.price_fen >= figures.staged_from_fen,
    }


def hash_of(terms: dict[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON; survives the round trip through jsonb."""
    return hashlib.sha256(
        json.dumps(terms, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).digest()

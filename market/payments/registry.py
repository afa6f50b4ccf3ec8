"""What packages above supply to the pages of money: what the orders of a payee will bring, and by whose work; of
which order a stage is.

A lower package never asks about a higher one; it calls what was registered when the app was put together.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Expected:
    """A stage that will pay this payee `fen` if it is accepted; `at` is the latest moment it can be withdrawn then."""

    order_id: UUID
    number: str
    title: str
    stage: str
    fen: int
    at: datetime
    state: str
    """awaiting_funds, pending, active, submitted, held or frozen: what it waits for."""


@dataclass(frozen=True)
class MemberIncome:
    """What an agency earned, and may expect, by one creator's work."""

    creator_id: UUID
    name: str
    orders: int
    earned_fen: int
    expected_fen: int


Forecasts = Callable[[UUID], Sequence[Expected]]
Members = Callable[[UUID], Sequence[MemberIncome]]
OrdersOfStages = Callable[[Collection[UUID]], Mapping[UUID, UUID]]

_forecasts: list[Forecasts] = []
_members: list[Members] = []
_orders_of_stages: list[OrdersOfStages] = []


def register_income(forecasts: Forecasts, members: Members) -> None:
    _forecasts[:], _members[:] = [forecasts], [members]


def forecast(party_id: UUID) -> Sequence[Expected]:
    """What is to come, soonest first."""
    return _forecasts[0](party_id) if _forecasts else []


def members(agency_id: UUID) -> Sequence[MemberIncome]:
    """An agency's income by member, largest first."""
    return _members[0](agency_id) if _members else []


def register_stages(orders_of_stages: OrdersOfStages) -> None:
    _orders_of_stages[:] = [orders_of_stages]


def orders_of_stages(stage_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """The order of each of these stages."""
    return _orders_of_stages[0](stage_ids) if stage_ids and _orders_of_stages else {}

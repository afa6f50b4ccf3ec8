"""The short way (market/kit/wire.py) leaves the rows that SQLAlchemy's own flush would leave."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, inspect, select

from market.delivery.models import Submission
from market.kit import wire
from market.kit.db import Base, db
from market.kit.events import Event
from market.kit.work import WorkItem
from market.orders.endings import Ending
from market.orders.models import Milestone, Order
from market.payments.models import Earning
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox

VARIES = {"serial", "number", "terms", "terms_hash", "content", "data", "key"}


def rows(model: type[Base], *conditions: Any) -> list[dict[str, Any]]:
    """What an order left in a table; of names and moments, which differ from order to order, whether there is one."""
    columns = [column.key for column in inspect(model).column_attrs if column.key not in VARIES]
    found = [
        {key: _comparable(getattr(row, key)) for key in columns}
        for row in db.session.scalars(select(model).where(*conditions))
    ]
    return sorted(found, key=str)


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return len(value)
    return type(value).__name__ if isinstance(value, UUID | datetime) else value


@pytest.mark.parametrize("agency", [False, True])
def test_what_changes_is_written_as_sqlalchemy_would_write_it(
    app: Flask,
    cast: dict[str, Player],
    sandbox: Sandbox,
    agency: bool,
):
    """The same order, to its end, by the short way and by SQLAlchemy's own flush."""
    mei = cast["mei"]

    def play_out(lin: Player) -> dict[str, list[dict[str, Any]]]:
        order_id = play.funded(mei, lin, sandbox, **({"agency": cast["ada"]} if agency else {}))
        play.to_publishing(mei, lin, order_id)
        with app.app_context():
            stages = select(Milestone.id).where(Milestone.order_id == order_id)
            versions = select(Submission.id).where(Submission.order_id == order_id)
            earned = select(Earning.source_id).where(Earning.subject_id == order_id)
            timers = WorkItem.subject_id.in_(versions.union(earned)), WorkItem.event_id.is_(None)
            return {
                "orders": rows(Order, Order.id == order_id),
                "milestones": rows(Milestone, Milestone.order_id == order_id),
                "endings": rows(Ending, Ending.milestone_id.in_(stages)),
                "submissions": rows(Submission, Submission.order_id == order_id),
                "earnings": rows(Earning, Earning.subject_id == order_id),
                "timers": rows(WorkItem, *timers),
                "events": rows(Event, Event.subject_id == order_id),
            }

    short = play_out(cast["lin"])
    event.remove(db.session, "before_flush", wire.write_changes)
    try:
        theirs = play_out(cast["bo"])
    finally:
        event.listen(db.session, "before_flush", wire.write_changes)

    assert short == theirs
    assert len(short["earnings"]) == (4 if agency else 2)
    assert len(short["timers"]) == 2, "one for all payees of a release"
    assert {row["state"].value for row in short["milestones"]} == {"released", "active"}
    assert [row["released_fen"] for row in short["endings"]] == [100_000, 400_000]

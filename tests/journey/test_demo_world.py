"""What a stranger finds after the first start: something in every state there is."""

import psycopg
import pytest

from market.delivery.models import SubmissionState
from market.orders.states import MilestoneState, OrderState
from tests.journey.conftest import Site

STATES = {"orders": OrderState, "milestones": MilestoneState, "submissions": SubmissionState}


@pytest.mark.parametrize("table", STATES)
def test_the_demo_world_holds_at_least_one_in_every_state(copy: Site, table: str) -> None:
    with psycopg.connect(copy.facts["database_url"].replace("+psycopg", "")) as connection:
        found = {row[0] for row in connection.execute(f"SELECT DISTINCT state FROM {table}")}

    assert found == set(STATES[table])

"""What a stranger finds after the first start: something in every state there is."""

import os
from pathlib import Path

import psycopg
import pytest
import requests

from market.accounts.actor import Role
from market.delivery.models import SubmissionState
from market.orders.states import OrderState
from market.video.kinds import FilmKind
from tests.conftest import csrf_token
from tests.journey.conftest import Site

STATES = {"orders": OrderState, "submissions": SubmissionState}


@pytest.mark.parametrize("table", STATES)
def test_the_demo_world_holds_at_least_one_in_every_state(copy: Site, table: str) -> None:
    with psycopg.connect(copy.facts["database_url"].replace("+psycopg", "")) as connection:
        found = {row[0] for row in connection.execute(f"SELECT DISTINCT state FROM {table}")}

    assert found == set(STATES[table])


def test_the_ready_file_says_how_to_get_in(copy: Site) -> None:
    facts = copy.facts

    os.kill(facts["pid"], 0)
    assert all(Path(facts["sockets"][name]).is_socket() for name in ("postgres", "redis"))
    assert requests.get(f"{facts['stripe']}/_sandbox/health", timeout=10).ok
    assert requests.get(f"{facts['address']}/readyz", timeout=10).ok
    assert {each["role"] for each in facts["signins"]} == {role.value for role in Role}
    for each in facts["signins"]:
        key = {"Authorization": f"Bearer {each['api_key']}"}
        me = requests.get(f"{facts['address']}/api/v1/me", headers=key, timeout=10).json()
        assert (me["party"]["role"], me["party"]["name"]) == (each["role"], each["name"])
        page = requests.Session()
        token = csrf_token(page.get(f"{facts['address']}/login", timeout=10).text)
        form = {"csrf_token": token, "email": each["email"], "password": each["password"]}
        answer = page.post(
            f"{facts['address']}/login",
            data=form,
            headers={"Referer": f"{facts['address']}/login"},
            timeout=10,
            allow_redirects=False,
        )
        assert answer.status_code == 303, each["email"]


def test_the_demo_world_holds_a_change_in_force_and_one_on_the_table(copy: Site) -> None:
    with psycopg.connect(copy.facts["database_url"].replace("+psycopg", "")) as connection:
        states = {row[0] for row in connection.execute("SELECT state FROM order_changes")}
        added = connection.execute(
            "SELECT c.added_fen FROM order_addenda a JOIN order_changes c ON c.id = a.change_id"
        ).fetchall()

    assert {"open", "in_force"} <= states
    assert added and all(fen > 0 for (fen,) in added)


def test_the_demo_shelf_holds_every_kind_of_film_and_says_how_they_do(copy: Site) -> None:
    api = f"{copy.address}/api/v1"

    for kind in FilmKind:
        assert requests.get(f"{api}/videos", params={"kind": kind.value}, timeout=10).json()["data"], kind
    assert requests.get(f"{api}/videos", params={"label": "tutorial"}, timeout=10).json()["data"]
    assert requests.get(f"{api}/red-list", timeout=10).json()["data"]
    with psycopg.connect(copy.facts["database_url"].replace("+psycopg", "")) as connection:
        (warned,) = connection.execute("SELECT count(*) FROM film_cases").fetchone() or (0,)
        (picked,) = connection.execute(
            "SELECT count(*) FROM videos WHERE picked_at IS NOT NULL"
        ).fetchone() or (0,)
    assert warned == picked == 1

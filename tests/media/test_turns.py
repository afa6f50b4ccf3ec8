"""Whose film is next: one party's hundred do not hold up another's one, and the place in line says so truly."""

from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID

import pytest
from flask import Flask

from market.kit.db import db, transaction
from market.media import queries, service
from market.media.reasons import Rejected
from tests.conftest import Player
from tests.media.test_work import job_of, let_lease_run_out, put

pytestmark = pytest.mark.usefixtures("ctx")


@pytest.fixture
def scrap(tmp_path: Path) -> Path:
    """Nobody looks into it here: only its place in the line counts."""
    file = tmp_path / "film.mp4"
    file.write_bytes(b"film")
    return file


def served(most: int) -> list[UUID]:
    """The files in the order a lone worker takes them, each finished before the next."""
    order = []
    for _ in range(most):
        with transaction():
            taken = service.take("alone")
            assert taken
            order.append(taken.asset_id)
            assert service.refuse(taken, Rejected("unreadable"))
    return order


def test_a_late_party_with_one_film_is_next_and_then_they_take_turns(
    lin: Player, bo: Player, mei: Player, scrap: Path
):
    many = [put(lin, scrap) for _ in range(6)]
    assert served(2) == many[:2]
    one = put(bo, scrap)
    two = [put(mei, scrap) for _ in range(2)]
    places = {each: queries.place_in_line(job_of(each)) for each in (*many[2:], one, *two)}

    order = served(7)

    assert order == [one, two[0], many[2], two[1], *many[3:]]
    assert [places[each] for each in order] == [1, 2, 3, 4, 5, 6, 7]


def test_the_party_with_least_work_running_goes_first(lin: Player, bo: Player, scrap: Path):
    early = put(bo, scrap)
    with transaction():
        assert service.take("bos").asset_id == early  # type: ignore[union-attr]
    many = [put(lin, scrap) for _ in range(3)]
    with transaction():
        assert service.take("lins").asset_id == many[0]  # type: ignore[union-attr]
    late = put(bo, scrap)
    with transaction():
        both_have_one = service.take("third")
    assert both_have_one
    assert both_have_one.asset_id == late, "both have one running, and Bo was served before"
    with transaction():
        fewest = service.take("fourth")
    assert fewest
    assert fewest.asset_id == many[1], "Lin has one running, Bo two"

    let_lease_run_out()
    with transaction():
        taken_over = service.take("fifth")
    assert taken_over
    assert taken_over.asset_id == early, "what a dead worker left runs no more, and is taken up in its turn"


def test_workers_that_ask_together_share_the_parties_between_them(
    app: Flask, lin: Player, bo: Player, ada: Player, scrap: Path
):
    for who in (lin, lin, lin, bo, bo, ada):
        put(who, scrap)
    gate, owners = Barrier(3), []

    def ask(name: str) -> None:
        with app.app_context():
            gate.wait()
            with transaction():
                taken = service.take(name)
                assert taken
                owners.append(service.find(taken.asset_id).owner_id)
            db.session.remove()

    workers = [Thread(target=ask, args=(f"worker {at}",)) for at in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert set(owners) == {lin.party_id, bo.party_id, ada.party_id}

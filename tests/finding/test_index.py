"""The index follows the facts, and is made anew beside the one in use."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text

from market.accounts import service as accounts
from market.creators import calendar
from market.creators.service import save_profile
from market.finding import index
from market.finding.models import IndexedCreator, IndexGeneration
from market.kit import clock
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.ids import encode
from tests import play
from tests.briefs import PROFILE
from tests.conftest import drain_all
from tests.finding.test_square import caught_up, counts, names, two  # noqa: F401
from workers import schedule


def rows(app):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(IndexedCreator))


def test_who_is_refused_leaves_the_index(two, app, zhou):  # noqa: F811
    lin, _bo = two
    with app.app_context(), transaction():
        accounts.decide_verification(lin.party_id, verified=False, reason="过期", by=zhou.actor)
    caught_up(app)

    assert rows(app) == 1


def test_room_is_what_orders_and_the_calendar_leave(app, mei, lin, sandbox):
    lin.api("PATCH", "/profile", json=PROFILE | {"slots_per_week": 0, "categories": ["food"]})
    caught_up(app)
    assert counts(mei)["room"] == {}

    with app.app_context():
        due = calendar.week_of(now() + timedelta(days=14))  # what play's bids promise
    at = f"/creators/{encode('pty', lin.party_id)}/calendar"
    assert lin.api("PUT", at, json={"monday": due.isoformat(), "slots": 1}).status_code == 200
    caught_up(app)
    assert counts(mei)["room"] == {"month": 1}

    order = play.award(mei, lin)
    caught_up(app)
    assert counts(mei)["room"] == {}

    mei.api("POST", f"/orders/{encode('ord', order)}/cancellation", json={})
    caught_up(app)
    assert counts(mei)["room"] == {"month": 1}


def test_as_weeks_go_by_the_index_follows(app, mei, lin):
    lin.api("PATCH", "/profile", json=PROFILE | {"slots_per_week": 0})
    with app.app_context():
        later = calendar.this_week() + 2 * calendar.WEEK
    lin.api(
        "PUT",
        f"/creators/{encode('pty', lin.party_id)}/calendar",
        json={"monday": later.isoformat(), "slots": 1},
    )
    caught_up(app)
    assert counts(mei)["room"] == {"month": 1}

    clock.shift(timedelta(days=14))
    with app.app_context():
        schedule.renew_rooms()
    assert counts(mei)["room"] == {"free": 1, "month": 1}

    clock.shift(timedelta(days=21))
    with app.app_context():
        schedule.renew_rooms()
    assert counts(mei)["room"] == {}


def test_a_rebuild_finds_what_no_event_told_and_forgets_nothing(two, mei, app):  # noqa: F811
    with app.app_context():
        with transaction():
            since = dict(db.session.execute(select(IndexedCreator.party_id, IndexedCreator.since)).all())
            db.session.execute(delete(IndexedCreator).where(IndexedCreator.party_id == two[1].party_id))
        assert index.rebuild() == 2
        after = dict(db.session.execute(select(IndexedCreator.party_id, IndexedCreator.since)).all())

    assert sorted(names(mei)) == ["Bo", "Lin"]
    assert after[two[0].party_id] == since[two[0].party_id]
    assert rows(app) == 2


def test_a_rebuild_that_dies_half_way_changes_nothing(two, mei, app, monkeypatch):  # noqa: F811
    class Killed(BaseException):
        pass

    def die(done, of):
        raise Killed

    with app.app_context():
        before = index.active()
        with pytest.raises(Killed):
            index.rebuild(die)
        db.session.remove()
        assert index.active() == before
        assert db.session.scalar(select(func.count()).select_from(IndexGeneration)) == 2

    assert sorted(names(mei)) == ["Bo", "Lin"]
    # What happens now is written to both; the next rebuild clears the half one away.
    two[0].api(
        "PATCH",
        "/profile",
        json={"city": "上海"},
        headers={"If-Match": two[0].api("GET", "/profile").headers["ETag"]},
    )
    caught_up(app)
    assert names(mei, "?city=上海") == ["Lin"]
    with app.app_context():
        assert index.rebuild() == 2
        assert db.session.scalar(select(func.count()).select_from(IndexGeneration)) == 1
    assert names(mei, "?city=上海") == ["Lin"]
    assert rows(app) == 2


def test_what_happens_during_a_rebuild_is_in_the_new_index(two, mei, app):  # noqa: F811
    lin, _bo = two

    def meanwhile(done, of):
        lin.api(
            "PATCH",
            "/profile",
            json={"city": "上海"},
            headers={"If-Match": lin.api("GET", "/profile").headers["ETag"]},
        )
        drain_all()

    with app.app_context():
        index.rebuild(meanwhile)

    assert names(mei, "?city=上海") == ["Lin"]


def test_two_rebuilds_do_not_run_at_once(two, app):  # noqa: F811
    refused = []

    def second(done, of):
        with pytest.raises(index.AlreadyRebuilding):
            index.rebuild()
        refused.append(done)

    with app.app_context():
        index.rebuild(second)

    assert refused


def test_the_first_index_is_built_where_there_were_creators_before(two, mei, app):  # noqa: F811
    with app.app_context():
        with transaction():
            db.session.execute(delete(IndexedCreator))
            db.session.execute(delete(IndexGeneration))
            db.session.add(IndexGeneration())
        assert names(mei) == []
        assert index.build_first() is True
        assert index.build_first() is False

    assert sorted(names(mei)) == ["Bo", "Lin"]


def test_two_renewals_of_one_creator_leave_the_newer_truth(two, mei, app):  # noqa: F811
    lin, _bo = two
    saved = threading.Event()

    def later():
        with app.app_context():
            with transaction():
                save_profile(lin.party_id, {"city": "苏州"}, by=lin.actor)
            saved.set()
            with transaction():
                index.renew([lin.party_id])
            db.session.remove()

    thread = threading.Thread(target=later)
    with app.app_context(), transaction():
        index.renew([lin.party_id])
        thread.start()
        assert saved.wait(30)
        patience = time.monotonic() + 30
        while not db.session.scalar(
            text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        ):
            assert thread.is_alive() and time.monotonic() < patience, "the second did not wait for the first"
    thread.join(30)

    assert names(mei, "?city=苏州") == ["Lin"]

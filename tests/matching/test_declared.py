"""Creators who have delivered nothing yet are found by what they say of themselves."""

from uuid import UUID

import numpy as np
import pytest

from tests.briefs import opened
from tests.conftest import drain_all
from tests.matching.conftest import listed, profile, worked
from tests.matching.test_import import tell


def names(rows):
    return [row["name"] for row in rows]


def term(row, code):
    return next(each for each in row["terms"] if each["code"] == code)


@pytest.fixture
def spoken(mei, ada, wen):
    """A text model that knows of rods and tents; made from the works of people who are not looked at."""
    from market.matching import text

    for n in range(24):
        said = f"路亚竿抛投距离实测，溪流，第 {n} 次" if n % 2 else f"露营帐篷防雨测试，暴雨，第 {n} 夜"
        worked(ada, wen, name=f"w{n}", words=said, days_ago=900)
    with mei.app.app_context():
        text.refit()


TENTS = "周末露营，帐篷防雨和暴雨里搭建"
RODS = "路亚竿测评，溪流抛投"


def drained(app):
    with app.app_context():
        drain_all()


def test_who_has_no_works_is_found_by_the_words_of_the_profile(mei, lin, bo, spoken):
    profile(lin, bio=RODS)
    profile(bo, works=[{"title": "暴雨里的帐篷", "note": "防雨 12 小时"}])
    drained(mei.app)

    rows = listed(mei, opened(mei, title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨"))

    assert names(rows) == ["Bo", "Lin"]
    assert (
        term(rows[0], "similar")["numbers"]["profile"] > 0.3 > term(rows[1], "similar")["numbers"]["profile"]
    )
    assert "相近" in term(rows[0], "similar")["text"]


def test_a_profile_saved_is_a_profile_found(mei, lin, bo, spoken):
    profile(lin, bio=RODS)
    profile(bo, bio=TENTS)
    drained(mei.app)
    brief = opened(mei, title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨")
    assert names(listed(mei, brief)) == ["Bo", "Lin"]

    profile(lin, bio=TENTS)
    profile(bo, bio=RODS)
    drained(mei.app)

    assert names(listed(mei, brief)) == ["Lin", "Bo"]


def test_words_found_nobody_by_fame_or_age(mei, lin, bo, spoken, monkeypatch):
    """With the other sources shut, the profile's words alone bring a creator into the list."""
    from market.matching import retrieval

    profile(lin, bio=TENTS)
    profile(bo)
    drained(mei.app)
    for source in ("EACH", "FRESH", "UNSEEN"):
        monkeypatch.setattr(retrieval, source, 0)

    assert names(listed(mei, opened(mei, title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨"))) == ["Lin"]


def test_own_tags_bring_up_whom_they_fit_as_long_as_no_works_speak(mei, lin, bo, creators):
    profile(bo, tags=["路亚", "溪流"])

    rows = listed(mei, opened(mei, tags=["路亚"]))

    assert names(rows) == ["Bo", "Lin"]
    assert term(rows[0], "history")["numbers"]["own_tags"] == pytest.approx(0.5**0.5, abs=0.001)
    assert "标签" in term(rows[0], "history")["text"]


def test_both_sides_see_the_same_points(mei, lin, bo, spoken):
    profile(lin, bio=TENTS, tags=["帐篷"])
    drained(mei.app)
    task = opened(mei, tags=["帐篷"], title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨")
    drained(mei.app)

    mine = next(row for row in lin.api("GET", "/matches").json["data"] if row["task_id"] == task["id"])
    theirs = next(row for row in listed(mei, task) if row["name"] == "Lin")

    assert {each["code"]: each["points"] for each in mine["terms"]} == pytest.approx(
        {each["code"]: each["points"] for each in theirs["terms"]}, abs=0.01
    )
    assert term(theirs, "similar")["points"] > 2


def test_who_may_not_be_asked_is_not_laid_out(mei, lin, bo, zhou, spoken):
    profile(lin, bio=TENTS)
    drained(mei.app)
    assert places(mei.app) == {lin.party_id}

    with mei.app.app_context():
        from market.accounts.models import Party, Verification
        from market.kit.db import db, transaction
        from market.matching import declared

        with transaction():
            db.session.get_one(Party, lin.party_id).verification = Verification.REFUSED
            declared.renew([lin.party_id])

    assert places(mei.app) == set()


def test_what_was_published_elsewhere_comes_in_and_is_read_by_matching_only(mei, zhou, lin, spoken):
    rows = [
        {"type": "account", "id": "a", "roles": ["creator"], "name": "A", "categories": ["outdoor"]},
        {"type": "account", "id": "b", "roles": ["creator"], "name": "B", "categories": ["outdoor"]},
    ]
    rows[0] |= {"texts": ["家常菜", "帐篷 暴雨 防雨", "露营 帐篷"], "tags": ["露营"]}
    rows[1] |= {"texts": [RODS]}
    assert tell(zhou, rows).json["refused"] == []
    drained(mei.app)

    found = listed(mei, opened(mei, title="新款帐篷暴雨防雨", goal="让露营的人相信帐篷防雨", tags=["露营"]))

    assert names(found)[:2] == ["A", "B"]
    handle = next(row["handle"] for row in mei.api("GET", "/creators").json["data"] if row["name"] == "A")
    page = mei.browser().get(f"/c/{handle}").text
    assert "露营" in page and "家常菜" not in page


def places(app, slot=None):
    from market.kit.db import db
    from market.matching import text
    from market.matching.models import ProfilePlace

    with app.app_context():
        space = text.space()
        at = space[1] if slot is None else slot
        found = {row.creator_id for row in db.session.query(ProfilePlace).filter_by(slot=at)}
        db.session.rollback()
        return found


def test_a_refit_lays_everybody_out_beside_those_in_use_and_then_switches(mei, lin, bo, spoken):
    from market.matching import text

    profile(lin, bio=TENTS)
    drained(mei.app)
    seen = []

    def meanwhile(done, of):
        if not seen:
            profile(bo, bio=RODS)
            drained(mei.app)
        seen.append((done, places(mei.app)))

    with mei.app.app_context():
        before = text.space()
        text.refit(meanwhile)
        after = text.space()

    assert after[0] != before[0] and after[1] == 1 - before[1]
    assert seen and all({lin.party_id, bo.party_id} >= here >= {lin.party_id} for _done, here in seen)
    assert places(mei.app) == {lin.party_id, bo.party_id}
    assert places(mei.app, before[1]) == set()


def test_a_refit_that_was_killed_leaves_the_old_one_in_use_and_the_next_clears_up(mei, lin, bo, spoken):
    from market.matching import text

    profile(lin, bio=TENTS)
    drained(mei.app)

    class Killed(BaseException):
        pass

    def kill(done, of):
        if done > 24:  # the works are laid out, and the first creators
            raise Killed

    with mei.app.app_context():
        from market.kit.db import db

        before = text.space()
        with pytest.raises(Killed):
            text.refit(kill)
        db.session.rollback()
        assert text.space() == before
        assert places(mei.app) == {lin.party_id} == places(mei.app, 1 - before[1])

    profile(bo, bio=RODS)
    drained(mei.app)
    assert places(mei.app) == {lin.party_id, bo.party_id}

    with mei.app.app_context():
        text.refit()
        assert text.space() != before
    assert places(mei.app) == {lin.party_id, bo.party_id}
    assert places(mei.app, before[1]) == set()


def test_two_refits_do_not_run_at_once(mei, spoken):
    from market.matching import text

    with mei.app.app_context():
        other = []
        model = text.refit(lambda done, of: other.append(text.refit()))

    assert model is not None and other and set(other) == {None}


def test_few_are_looked_at_one_by_one_and_many_by_the_index():
    from market.matching.declared import is_exact

    assert is_exact(passing=4_400, alike=1_000_000, most=50), "the walk would meet one of 227"
    assert is_exact(passing=1_000, alike=70_000, most=50)
    assert not is_exact(passing=22_000, alike=125_000, most=50)
    assert not is_exact(passing=700_000, alike=1_000_000, most=50)


N = 4000


@pytest.fixture
def many(app, mei, spoken):
    """Four thousand places around forty subjects; what each says of category, city, price and room is known here."""
    import psycopg
    from pgvector.psycopg import register_vector
    from sqlalchemy import text as sql

    from market.kit.db import db
    from market.matching import declared, text

    draw = np.random.default_rng(11)
    subjects = draw.standard_normal((40, 128))
    at = subjects[draw.integers(40, size=N)] + 0.8 * draw.standard_normal((N, 128))
    at = (at / np.linalg.norm(at, axis=1, keepdims=True)).astype(np.float32)
    facts = {
        "food": draw.random(N) < 0.3,
        "city": draw.random(N) < 0.1,
        "price": draw.integers(1, 400, size=N) * 10_000,
        "free": draw.random(N) < 0.7,
    }
    ids = [UUID(int=(7 << 96) + n) for n in range(N)]
    with app.app_context():
        slot = text.space()[1]
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as connection:
            register_vector(connection)
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO parties (id, role, name, handle, city, bio, verification, claim,"
                    " verification_reason) VALUES (%s, 'creator', 'n', %s, '', '', 'verified', '{}', '')",
                    [(id, f"many{n}") for n, id in enumerate(ids)],
                )
                cursor.executemany(
                    "INSERT INTO match_profiles (creator_id, slot, place, codes, price_video_medium_fen)"
                    " VALUES (%s, %s, %s::vector::halfvec, %s, %s)",
                    [
                        (
                            id,
                            slot,
                            at[n],
                            [
                                *(["c:food"] if facts["food"][n] else ["c:home"]),
                                *(["in:杭州"] if facts["city"][n] else []),
                                *(["free"] if facts["free"][n] else []),
                                f"video:{declared._band(int(facts['price'][n]))}",
                            ],
                            int(facts["price"][n]),
                        )
                        for n, id in enumerate(ids)
                    ],
                )
        db.session.execute(sql("SELECT 1"))
        declared.forget_estimates()
        yield slot, at, facts, ids, subjects
        db.session.rollback()


def test_both_ways_find_who_lies_nearest_of_those_of_whom_the_conditions_hold(many):
    from market.accounts.vocabulary import Format
    from market.kit.db import db
    from market.matching import declared
    from market.matching.declared import Wanted

    slot, at, facts, ids, subjects = many
    price = Wanted("food", format=Format.VIDEO, ceiling_fen=1_234_567)
    under = facts["price"] <= 1_234_567
    cases = [
        (Wanted(), facts["free"]),
        (price, facts["food"] & facts["free"] & under),
        (Wanted(city="杭州", ceiling_fen=1_234_567), facts["city"] & facts["free"] & under),
    ]
    shares = []
    for wanted, passes in cases:
        for question in subjects[:10]:
            question = (question / np.linalg.norm(question)).astype(np.float32)
            kept = np.flatnonzero(passes)
            alike = at[kept] @ question
            best = [ids[kept[each]] for each in np.argsort(-alike)[:50]]

            everybody = declared.exact(slot, question, wanted, 50)
            by_index = declared.walked(slot, question, wanted, 50)
            chosen = declared.nearest(slot, question, wanted, 50)

            assert len(set(best) & {id for id, _ in everybody}) >= 49, "but for halves of a digit"
            assert [each for _, each in everybody] == sorted((each for _, each in everybody), reverse=True)
            assert {id for id, _ in by_index} <= {ids[each] for each in kept}
            shares.append(len(set(best) & {id for id, _ in by_index}) / 50)
            assert len(set(best) & {id for id, _ in chosen}) >= 45
    assert np.mean(shares) >= 0.97
    assert db.session.execute(db.text("SHOW enable_sort")).scalar() == "on", "settings end with the question"

"""Whose turn it is, through pages and API: what a page showed counts, and a moved place says why."""

from dataclasses import replace

import pytest

from market.kit import ids
from tests.briefs import drafted, opened
from tests.conftest import Player
from tests.house.test_statements import newcomer
from tests.matching.conftest import listed, profile, worked


@pytest.fixture
def shop(app, password_hash):
    """Makes one more merchant, who can sign in and has a key."""
    from market.accounts import service
    from market.accounts.models import Person
    from market.kit.db import db, transaction

    def make(number: int) -> Player:
        made = newcomer(app, "merchant", number)
        with app.app_context(), transaction():
            db.session.get_one(Person, made.person_id).password_hash = password_hash
            key = service.make_key(made.person_id, made.party_id, label="test")[1]
        return replace(made, key=key)

    return make


def look(merchant: Player, task: dict, lang: str = "zh") -> str:
    page = merchant.browser().get(f"/m/tasks/{task['id']}/matches?lang={lang}")
    assert page.status_code == 200
    return str(page.text)


@pytest.fixture
def crowd(app, lin, bo):
    """Lin is best for all, with one slot; the others have more, and could do it as well."""
    profile(lin, slots_per_week=1)
    return [newcomer(app, "creator", number) for number in range(14)]


@pytest.fixture
def of_two(monkeypatch):
    """The cap is two lists for a slot, and supply never raises it."""
    from market.kit.figures import figures
    from market.matching import turns

    monkeypatch.setattr("market.matching.service.figures", replace(figures, turns_cap=2))
    monkeypatch.setattr(turns, "ABOVE_FAIR", 0.0)


def lin_in(rows: list[dict]) -> tuple[int, dict]:
    at = next(at for at, row in enumerate(rows, start=1) if row["name"] == "Lin")
    return at, rows[at - 1]


def first_of_all(app, mei: Player, lin: Player) -> None:
    """Lin has done such work before, for somebody of no concern here."""
    worked(mei, lin, name="w", tags=["路亚"])


def test_whom_other_merchants_have_among_the_first_stands_behind_and_the_list_says_why(
    app, shop, mei, ada, lin, bo, crowd, of_two
):
    first_of_all(app, mei, lin)
    shops = [shop(number) for number in range(3)]
    briefs = [opened(each, tags=["路亚"]) for each in shops]
    before = listed(shops[2], briefs[2])
    assert lin_in(before) == (1, before[0])
    assert before[0]["moved"] is None
    for merchant, brief in zip(shops[:2], briefs[:2], strict=True):
        look(merchant, brief)

    at, row = lin_in(listed(shops[2], briefs[2]))

    assert at > 10
    assert (row["moved"]["code"], row["moved"]["rank"]) == ("waits", 1)
    assert "2 家商家" in row["moved"]["text"]
    assert row["terms"] == before[0]["terms"], "the points are what they were"
    assert row["score"] == before[0]["score"]
    assert "让出位置" in look(shops[2], briefs[2])
    assert "Gives way: In the last 7 days 2 other merchants" in look(shops[2], briefs[2], "en")
    assert lin_in(listed(shops[0], briefs[0]))[0] == 1, "who had her first keeps her first"


def test_only_what_a_page_showed_of_open_briefs_counts_and_a_merchant_counts_once(
    app, shop, mei, ada, lin, bo, crowd, of_two
):
    first_of_all(app, mei, lin)
    asking, one, other = (shop(number) for number in range(3))
    task = opened(asking, tags=["路亚"])
    listed(other, opened(other, tags=["路亚"]))  # a program read it
    look(other, drafted(other, tags=["路亚"]))  # nobody can take a draft
    over = opened(other, tags=["路亚"])
    look(other, over)
    other.api("POST", f"/tasks/{over['id']}/closing")
    look(asking, opened(asking, tags=["路亚"]))  # the asking merchant's own
    for _twice in range(2):
        look(one, opened(one, tags=["路亚"]))

    at, row = lin_in(listed(asking, task))

    assert (at, row["moved"]) == (1, None)


def test_an_unanswered_invitation_counts_like_a_list(app, shop, mei, ada, lin, bo, crowd, of_two):
    first_of_all(app, mei, lin)
    shops = [shop(number) for number in range(3)]
    for merchant in shops[:2]:
        sent = merchant.api(
            "POST",
            f"/tasks/{opened(merchant)['id']}/invitations",
            json={"creator_id": ids.encode("pty", lin.party_id)},
        )
        assert sent.status_code == 201, sent.text

    at, row = lin_in(listed(shops[2], opened(shops[2], tags=["路亚"])))

    assert at > 10
    assert row["moved"]["code"] == "waits"


def test_who_worked_for_the_merchant_never_waits_for_him(app, shop, mei, ada, lin, bo, crowd, of_two):
    first_of_all(app, mei, lin)
    for number in range(2):
        other = shop(number)
        look(other, opened(other, tags=["路亚"]))

    assert lin_in(listed(mei, opened(mei, tags=["路亚"])))[0] == 1


def test_a_cap_of_nothing_is_no_cap(app, shop, mei, lin, bo, crowd, of_two, monkeypatch):
    from market.kit.figures import figures

    first_of_all(app, mei, lin)
    shops = [shop(number) for number in range(3)]
    for each in shops[:2]:
        look(each, opened(each, tags=["路亚"]))
    monkeypatch.setattr("market.matching.service.figures", replace(figures, turns_cap=0))

    assert lin_in(listed(shops[2], opened(shops[2], tags=["路亚"])))[0] == 1


@pytest.fixture
def many(app, mei, lin):
    """Thirty with work on record, of whom a page has room for twenty-two."""
    known = [newcomer(app, "creator", number) for number in range(30)]
    for number, each in enumerate(known):
        for n in range(3):
            worked(lin, each, name=f"k{number}.{n}", tags=["路亚"], days_ago=20 + number)
    return known


def test_a_page_keeps_a_place_for_a_new_face_and_then_for_the_unseen(app, shop, mei, ada, lin, many):
    newcomer(app, "creator", 99)
    other = shop(1)
    theirs, ours = opened(other, tags=["路亚"]), opened(mei, tags=["路亚"])

    before = listed(other, theirs)
    assert (before[20]["name"], before[20]["moved"]["code"]) == ("creator 99", "new")
    assert "New here" in look(other, theirs, "en")
    after = listed(mei, ours)

    shown = {row["name"] for row in before[:22]}
    for row in after[20:22]:
        assert row["moved"]["code"] == "unseen"
        assert row["name"] not in shown
    assert len({row["creator_id"] for row in after}) == len(after), "nobody stands twice"
    page = look(mei, ours)
    assert "轮到露面" in page and "新面孔：" not in page
    assert "Their turn" in look(mei, ours, "en")


def test_brief_after_brief_everybody_is_seen(app, shop, mei, ada, lin, many):
    from market.matching.learned_models import Showing

    other = shop(1)
    desk = other.browser()
    for _brief in range(6):
        desk.get(f"/m/tasks/{opened(other, tags=['路亚'])['id']}/matches")

    with app.app_context():
        from market.kit.db import db

        seen = {row[0] for row in db.session.query(Showing.creator_id).distinct()}
    assert {each.party_id for each in many} <= seen


def test_without_marked_places_the_list_is_the_ranking(app, shop, mei, ada, lin, many, monkeypatch):
    from market.kit.figures import figures

    newcomer(app, "creator", 99)
    monkeypatch.setattr("market.matching.service.figures", replace(figures, turns_marked_percent=0))

    rows = listed(mei, opened(mei, tags=["路亚"]))

    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert not any(row["moved"] for row in rows)

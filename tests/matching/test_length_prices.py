"""K3: a brief that wants a length is matched by what creators ask for it; one that wants none by their lowest price."""

import pytest

from tests.briefs import drafted, opened
from tests.conftest import drain_all
from tests.matching.conftest import listed, profile
from tests.matching.test_declared import RODS, spoken  # noqa: F401
from tests.matching.test_import import tell

BUDGET = 200_000
LIN = {"price_video_short_fen": 100_000, "price_video_medium_fen": 200_000, "price_video_long_fen": 900_000}
BO = {"price_video_fen": 150_000, "price_video_long_fen": None}


@pytest.fixture
def two(lin, bo):
    """Lin is cheap when it is short, Bo makes no long ones."""
    profile(lin, **LIN)
    profile(bo, **BO)


def names(rows):
    return sorted(row["name"] for row in rows)


def price_term(row):
    return next(term for term in row["terms"] if term["code"] == "price")


def brief(mei, length, **over):
    return opened(mei, length=length, budget_fen=BUDGET, **over)


def test_who_asks_too_much_for_the_length_or_does_not_offer_it_is_not_listed(mei, two):
    assert names(listed(mei, brief(mei, "short"))) == ["Bo", "Lin"]
    assert names(listed(mei, brief(mei, "medium"))) == ["Bo", "Lin"]
    assert names(listed(mei, brief(mei, "long"))) == []
    assert names(listed(mei, opened(mei, length="long", budget_fen=900_000))) == ["Lin"]
    assert names(listed(mei, brief(mei, None))) == ["Bo", "Lin"]


def test_the_price_term_counts_and_names_the_price_of_the_length(mei, two):
    by_length = {
        length: {row["name"]: row for row in listed(mei, brief(mei, length))}
        for length in ("short", "medium", None)
    }

    assert [by_length[length]["Lin"]["price_fen"] for length in by_length] == [100_000, 200_000, 100_000]
    terms = [price_term(by_length[length]["Lin"]) for length in by_length]
    assert [term["numbers"]["price_fen"] for term in terms] == [100_000, 200_000, 100_000]
    assert terms[0]["points"] > terms[1]["points"]
    assert "¥1,000.00（1–20 秒）" in terms[0]["text"] and "¥2,000.00（21–60 秒）" in terms[1]["text"]
    assert "¥1,000.00 起" in terms[2]["text"]
    assert "¥1,500.00，" in price_term(by_length[None]["Bo"])["text"], (
        "two lengths at one price are no 'from'"
    )


def test_who_has_no_price_list_may_be_asked_for_any_length(mei, lin):
    profile(lin, price_video_fen=None)

    assert names(listed(mei, brief(mei, "long"))) == ["Lin"]


def test_pages_say_the_price_of_the_length_in_both_languages(mei, two):
    task = brief(mei, "medium")
    browser = mei.browser()

    assert "¥2,000.00（21–60 秒）" in browser.get(f"/m/tasks/{task['id']}/matches").text
    assert "CN¥2,000.00 (21–60 s)" in browser.get(f"/m/tasks/{task['id']}/matches?lang=en").text


def test_a_creator_sees_briefs_whose_budget_reaches_the_price_of_their_length(mei, lin, bo, two):
    wanted = {length: brief(mei, length)["id"] for length in ("short", "medium", "long")} | {
        None: brief(mei, None)["id"]
    }

    def seen(player):
        found = player.api("GET", "/matches?limit=50").json["data"]
        return {length for length, id in wanted.items() if id in {row["task_id"] for row in found}}

    assert seen(lin) == {"short", "medium", None}
    assert seen(bo) == {"short", "medium", None}


def test_an_empty_list_says_how_many_there_are_without_the_length_and_keeps_the_promise(mei, two):
    task = brief(mei, "long")
    answer = mei.api("GET", f"/tasks/{task['id']}/matches").json
    ways = {way["code"]: way for way in answer["loosenings"]}

    assert ways["length"]["brings"] == 2 and "60 秒以上" in ways["length"]["text"]
    assert ways["budget"]["brings"] == 1, "Bo makes no long ones at any price"
    raised = opened(mei, length="long", budget_fen=ways["budget"]["budget_fen"])
    assert names(listed(mei, raised)) == ["Lin"]
    assert len(listed(mei, brief(mei, None))) == ways["length"]["brings"]
    assert "over 60 s" in mei.browser().get(f"/m/tasks/{task['id']}/matches?lang=en").text


def test_the_index_of_profiles_knows_the_prices_by_length_and_follows_them(mei, lin, bo, spoken):  # noqa: F811
    profile(lin, bio=RODS, **LIN)
    profile(bo, bio=RODS, **BO)
    with mei.app.app_context():
        drain_all()

    def found(length, fen):
        from market.accounts.vocabulary import Format, Length
        from market.matching import declared, text

        wanted = declared.Wanted(
            "outdoor", format=Format.VIDEO, length=Length(length) if length else None, ceiling_fen=fen
        )
        with mei.app.app_context():
            model_id, slot = text.space()
            at = text.place(model_id, RODS)
            ways = [way(slot, at, wanted, 50) for way in (declared.exact, declared.walked, declared.nearest)]
            who = [{id for id, _alike in each} for each in ways]
            assert who[0] == who[1] == who[2]
            return {name for name, each in (("lin", lin), ("bo", bo)) if each.party_id in who[0]}

    assert found("short", 100_000) == {"lin"} and found("short", 150_000) == {"lin", "bo"}
    assert found("medium", 199_999) == {"bo"} and found("medium", 200_000) == {"lin", "bo"}
    assert found("long", 899_999) == set() and found("long", 900_000) == {"lin"}
    assert found(None, 100_000) == {"lin"} and found(None, 99_999) == set()

    profile(bo, bio=RODS, **BO | {"price_video_long_fen": 50_000})
    with mei.app.app_context():
        drain_all()
    assert found("long", 50_000) == {"bo"} == found(None, 50_000), "a saved price is a price found"


def test_a_row_has_one_code_for_each_price_and_one_for_the_cheapest_video(lin, app, two):
    from market.creators.queries import profile as find
    from market.matching.declared import codes_of

    with app.app_context():
        codes = codes_of(find(lin.party_id), room=True)

    assert codes == ["c:outdoor", "free", "video.long:5", "video.medium:3", "video.short:2", "video:2"]


def test_the_import_door_takes_a_price_for_each_length_or_one_for_all(zhou):
    def told(name, **prices):
        line = {"type": "account", "id": name, "roles": ["creator"], "categories": ["food"], **prices}
        report = tell(zhou, [line]).json
        if report["refused"]:
            return [each["pointer"] for each in report["refused"]]
        mine = zhou.api("GET", f"/creators/{report['parties'][0]['party_id']}").json
        return [mine[f"price_video_{length}_fen"] for length in ("short", "medium", "long")]

    assert told("a", price_video_fen=300_000) == [300_000] * 3
    assert told("b", price_video_short_fen=100_000, price_video_long_fen=500_000) == [100_000, None, 500_000]
    assert told("c", price_video_fen=300_000, price_video_long_fen=500_000) == [300_000, 300_000, 500_000]
    assert told("d", price_video_long_fen=0) == ["/price_video_long_fen"]


def test_a_draft_is_matched_by_the_length_it_wants_now(mei, two):
    task = drafted(mei, length="long", budget_fen=BUDGET)
    assert names(listed(mei, task)) == []

    mei.api("PATCH", f"/tasks/{task['id']}", json={"length": "short"}, headers={"If-Match": "*"})

    assert names(listed(mei, task)) == ["Bo", "Lin"]

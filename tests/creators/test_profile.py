"""Writing one's profile, by page and by API."""

from tests.briefs import PROFILE, problem
from tests.conftest import submit


def test_a_creator_writes_a_profile_and_others_read_it(lin, mei):
    written = lin.api("PATCH", "/profile", json=PROFILE)
    read = mei.api("GET", f"/creators/{written.json['id']}")

    assert written.status_code == 200, written.text
    assert read.json["fans"] == 128_000
    assert read.json["audience"]["gender"] == {"male": 80, "female": 20}
    assert read.json["city"] == "杭州"
    assert read.json["reply_bps"] is None


def test_a_second_change_needs_the_etag_of_what_was_read(lin):
    lin.api("PATCH", "/profile", json=PROFILE)
    etag = lin.api("GET", "/profile").headers["ETag"]

    blind = lin.api("PATCH", "/profile", json={"fans": 1})
    seen = lin.api("PATCH", "/profile", json={"fans": 130_000}, headers={"If-Match": etag})
    stale = lin.api("PATCH", "/profile", json={"fans": 2}, headers={"If-Match": etag})

    assert (blind.status_code, seen.status_code, stale.status_code) == (428, 200, 412)
    assert lin.api("GET", "/profile").json["fans"] == 130_000
    assert lin.api("GET", "/profile").json["categories"] == PROFILE["categories"]


def test_shares_of_one_part_do_not_exceed_the_whole(lin):
    answer = lin.api("PATCH", "/profile", json=PROFILE | {"audience": {"gender": {"male": 80, "female": 40}}})

    assert problem(answer) == (422, "shares-exceed", ["/audience/gender/female"])


def test_only_creators_have_a_profile(mei):
    assert problem(mei.api("PATCH", "/profile", json=PROFILE))[0] == 403


def test_an_unknown_field_is_refused(lin):
    assert problem(lin.api("PATCH", "/profile", json={"verification": "verified"}))[2] == ["/verification"]


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(lin):
    browser = lin.browser()

    answer = submit(
        browser, "/u/profile", kind="host", fans="很多", bio="我是主播", price_live_hour_fen="12.345"
    )

    assert answer.status_code == 422
    assert "我是主播" in answer.text
    assert 'value="很多"' in answer.text
    assert "请填写整数" in answer.text
    assert "金额最多两位小数" in answer.text


def test_the_page_saves_a_whole_profile_and_empties_what_was_emptied(lin):
    browser = lin.browser()
    form = {
        "kind": "studio",
        "categories": ["food", "pets"],
        "fans": "56,000",
        "platform_level": "3",
        "price_video_medium_fen": "3,200.50",
        "slots_per_week": "4",
        "audience.gender.female": "70",
        "works.0.title": "深夜食堂",
        "works.0.url": "https://example.com/a",
        "works.2.title": "猫的一天",
    }

    saved = submit(browser, "/u/profile", **form)
    first = lin.api("GET", "/profile").json
    submit(
        browser,
        "/u/profile",
        **{name: value for name, value in form.items() if name != "price_video_medium_fen"},
    )

    assert saved.status_code == 303
    assert first["price_video_fen"] == first["price_video_medium_fen"] == 320_050
    assert first["price_video_short_fen"] is None
    assert [work["title"] for work in first["works"]] == ["深夜食堂", "猫的一天"]
    assert lin.api("GET", "/profile").json["price_video_fen"] is None
    assert 'value="56000"' in browser.get("/u/profile").text


def test_a_work_points_only_at_web_addresses(lin):
    answer = submit(
        lin.browser(),
        "/u/profile",
        kind="creator",
        categories="food",
        **{"works.1.title": "x", "works.1.url": "javascript:alert(1)"},
    )

    assert answer.status_code == 422
    assert "https://" in answer.text

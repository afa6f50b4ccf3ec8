"""How long a brief's video shall be: a band, or nothing in particular."""

import re

import pytest

from market.accounts.vocabulary import CATEGORIES
from market.tasks.templates import filled
from tests.briefs import drafted, problem
from tests.conftest import submit


def test_a_video_brief_may_want_a_length_and_take_it_back(mei):
    brief = drafted(mei, length="short")
    assert mei.api("GET", f"/tasks/{brief['id']}").json["length"] == "short"

    changed = mei.api("PATCH", f"/tasks/{brief['id']}", json={"length": None}, headers={"If-Match": "*"})

    assert changed.json["length"] is None, changed.text


@pytest.mark.parametrize("format", ["article", "live"])
def test_what_is_no_video_has_no_length(mei, format):
    assert drafted(mei, format=format, length="short")["length"] is None
    video = drafted(mei, length="short")

    changed = mei.api("PATCH", f"/tasks/{video['id']}", json={"format": format}, headers={"If-Match": "*"})

    assert changed.json["length"] is None, changed.text


@pytest.mark.parametrize("length", ["endless", "", 20, ["short", "short"], "1-20"])
def test_a_length_that_is_none_is_refused_at_its_field(mei, length):
    answer = mei.api("POST", "/tasks", json={"category": "food", "format": "video", "length": length})

    assert problem(answer) == (422, "invalid", ["/length"])


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_template_of_a_video_wants_the_length_its_words_speak_of(category):
    brief = filled(category, "video")
    low, high = map(int, re.search(r"(\d+)–(\d+) 秒", brief["deliverables"][0]).groups())
    middle = (low + high) / 2

    assert brief["length"] == ("short" if middle <= 20 else "medium" if middle <= 60 else "long")
    assert filled(category, "live")["length"] is None


def test_the_form_keeps_the_length_and_shows_it_to_those_who_may_bid(mei):
    brief = drafted(mei, length=None)
    browser = mei.browser()
    form = {"format": "video", "category": "outdoor", "title": brief["title"], "length": "medium"}

    submit(browser, f"/m/tasks/{brief['id']}/edit", **form)
    page = browser.get(f"/m/tasks/{brief['id']}/edit").text

    assert mei.api("GET", f"/tasks/{brief['id']}").json["length"] == "medium"
    assert '<option value="medium" selected>' in page and "短视频（21–60 秒）" in page


def test_a_copy_wants_the_same_length(mei):
    brief = drafted(mei, length="short")

    copied = mei.api("POST", f"/tasks/{brief['id']}/copies")

    assert copied.json["length"] == "short", copied.text


def test_a_template_says_the_length_its_texts_speak_of(mei):
    found = mei.api("GET", "/task-templates")

    assert found.status_code == 200
    assert {each["length"] for each in found.json} <= {"short", "medium", "long"}

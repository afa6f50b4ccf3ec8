"""How long a brief's live show shall be: whole half hours, or nothing in particular."""

import re

import pytest

from market.accounts.vocabulary import CATEGORIES
from market.tasks.templates import filled
from tests.briefs import drafted, problem
from tests.conftest import submit


def change(merchant, brief, **said):
    return merchant.api("PATCH", f"/tasks/{brief['id']}", json=said, headers={"If-Match": "*"})


@pytest.mark.parametrize("minutes", [30, 90, 720])
def test_a_live_brief_may_say_how_long_and_take_it_back(mei, minutes):
    brief = drafted(mei, format="live", live_minutes=minutes)
    assert mei.api("GET", f"/tasks/{brief['id']}").json["live_minutes"] == minutes

    changed = change(mei, brief, live_minutes=None)

    assert changed.json["live_minutes"] is None, changed.text


@pytest.mark.parametrize("format", ["article", "video"])
def test_what_is_not_live_has_no_minutes(mei, format):
    assert drafted(mei, format=format, live_minutes=60)["live_minutes"] is None
    live = drafted(mei, format="live", live_minutes=60)

    changed = change(mei, live, format=format)

    assert changed.json["live_minutes"] is None, changed.text


@pytest.mark.parametrize("minutes", [0, -30, 29, 45, 61, 750, 10**30, 90.5, "", "long", True, [60]])
def test_minutes_that_are_no_half_hours_are_refused_at_their_field(mei, minutes):
    answer = mei.api("POST", "/tasks", json={"category": "food", "format": "live", "live_minutes": minutes})

    assert problem(answer) == (422, "invalid", ["/live_minutes"])


def test_the_database_refuses_them_too(mei, app):
    from uuid import UUID

    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    from market.kit import ids
    from market.kit.db import db, transaction

    live, video = drafted(mei, format="live", live_minutes=60), drafted(mei)
    for brief, minutes in ((live, 45), (live, 0), (live, 750), (video, 60)):
        id: UUID = ids.decode("tsk", brief["id"])
        with app.app_context(), pytest.raises(IntegrityError), transaction():
            db.session.execute(
                text("UPDATE tasks SET live_minutes = :m WHERE id = :id"), {"m": minutes, "id": id}
            )


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_template_of_a_show_wants_the_minutes_its_words_speak_of(category):
    brief = filled(category, "live")

    assert brief["live_minutes"] == int(re.search(r"不少于 (\d+) 分钟的", brief["deliverables"][0])[1])
    assert filled(category, "video")["live_minutes"] is None


def test_a_brief_from_a_template_wants_its_minutes_and_so_does_a_copy(mei):
    brief = drafted(mei, format="live")
    assert brief["live_minutes"] == 150

    copied = mei.api("POST", f"/tasks/{change(mei, brief, live_minutes=90).json['id']}/copies")

    assert copied.json["live_minutes"] == 90, copied.text


def test_the_list_of_templates_says_the_minutes(mei):
    assert {each["live_minutes"] for each in mei.api("GET", "/task-templates").json} == {90, 120, 150}


def test_the_form_keeps_the_minutes_and_shows_hours_in_both_languages(mei):
    brief = drafted(mei, format="live")
    browser = mei.browser()
    form = {"format": "live", "category": "outdoor", "title": brief["title"], "live_minutes": "90"}

    submit(browser, f"/m/tasks/{brief['id']}/edit", **form)
    page, english = (browser.get(f"/m/tasks/{brief['id']}/edit{each}").text for each in ("", "?lang=en"))

    assert mei.api("GET", f"/tasks/{brief['id']}").json["live_minutes"] == 90
    assert '<option value="90" selected>1.5 小时</option>' in page and "直播（1.5 小时）" in page
    assert '<option value="90" selected>1.5 h</option>' in english and "Live (1.5 h)" in english

    submit(browser, f"/m/tasks/{brief['id']}/edit", **form | {"live_minutes": ""})
    assert mei.api("GET", f"/tasks/{brief['id']}").json["live_minutes"] is None


@pytest.mark.parametrize("typed", ["45", "1.5", "abc", "100000"])
def test_the_form_says_what_is_wrong_at_the_field(mei, typed):
    brief = drafted(mei, format="live")
    form = {"format": "live", "category": "outdoor", "title": brief["title"], "live_minutes": typed}

    answer = submit(mei.browser(), f"/m/tasks/{brief['id']}/edit", **form)

    assert answer.status_code == 422
    assert 'href="#f-live_minutes"' in answer.text

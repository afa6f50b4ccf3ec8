"""Whose pages stand in which frame: a creator's in the phone's everywhere, an agency's and a merchant's in the desk's."""

import pytest


@pytest.mark.parametrize(
    ("who", "frame", "paths"),
    [
        ("lin", "is-phone", ("/u", "/u/tasks", "/u/bids", "/u/searches", "/u/calendar", "/u/matches")),
        ("ada", "is-desk", ("/a", "/a/tasks", "/a/bids", "/a/searches", "/a/roster")),
        ("mei", "is-desk", ("/m", "/m/tasks", "/m/searches", "/m/shortlist")),
    ],
)
def test_all_pages_of_a_hat_stand_in_its_frame(cast, who, frame, paths):
    browser = cast[who].browser()

    for path in paths:
        page = browser.get(path)
        assert page.status_code == 200, path
        assert f'class="{frame}' in page.text, path


def test_a_list_of_briefs_that_is_not_there_is_the_usual_one(cast):
    for who, path in (("lin", "/u/tasks?tab=bids"), ("ada", "/a/tasks?tab=%F0%9F%8E%A3")):
        assert cast[who].browser().get(path).status_code == 200, path

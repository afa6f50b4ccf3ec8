"""The API and the cookie of the pages do not meet."""

from tests.conftest import Player


def test_a_call_neither_reads_nor_sends_a_cookie(mei: Player):
    browser = mei.browser()

    answer = browser.get("/api/v1/orders")

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_the_page_about_the_api_leaves_one_signed_in(mei: Player):
    browser = mei.browser()

    assert browser.get("/api/docs").status_code == 200
    assert browser.get("/m").status_code == 200

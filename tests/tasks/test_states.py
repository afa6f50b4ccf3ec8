"""Opening, taking back, closing, cancelling."""

from datetime import timedelta

from market.kit import clock
from tests.briefs import bid, drafted, later, opened, problem
from tests.conftest import drain_all, submit


def test_opening_names_everything_that_is_missing(mei):
    task = mei.api("POST", "/tasks", json={"category": "food", "format": "video"}).json

    status, slug, pointers = problem(mei.api("POST", f"/tasks/{task['id']}/opening"))

    assert (status, slug) == (422, "invalid")
    assert set(pointers) == {"/title", "/goal", "/deliverables", "/budget_fen", "/deadline"}


def test_bids_do_not_close_after_the_deadline(mei):
    task = drafted(mei, deadline=later(3), bids_close_at=later(5))

    assert problem(mei.api("POST", f"/tasks/{task['id']}/opening"))[2] == ["/bids_close_at"]


def test_a_deadline_that_passed_while_drafting_is_refused(mei):
    task = drafted(mei, deadline=later(1), bids_close_at=None)
    clock.shift(timedelta(days=2))

    assert problem(mei.api("POST", f"/tasks/{task['id']}/opening"))[2] == ["/deadline", "/bids_close_at"]


def test_without_a_closing_date_bids_close_after_a_week(mei):
    task = opened(mei, bids_close_at=None)

    assert later(6.9) < task["bids_close_at"] < later(7.1)


def test_a_brief_opens_once(mei):
    task = opened(mei)

    assert problem(mei.api("POST", f"/tasks/{task['id']}/opening"))[:2] == (409, "not-draft")


def test_taking_back_is_possible_until_somebody_bids(mei, lin):
    quiet, busy = opened(mei), opened(mei)
    bid(lin, busy)

    taken = mei.api("DELETE", f"/tasks/{quiet['id']}/opening")
    refused = mei.api("DELETE", f"/tasks/{busy['id']}/opening")

    assert taken.json["state"] == "draft"
    assert lin.api("GET", f"/tasks/{quiet['id']}").status_code == 404
    assert problem(refused)[:2] == (409, "has-bids")


def test_a_brief_closes_by_itself_even_when_the_timer_is_late(mei, app):
    task = opened(mei, bids_close_at=later(1))
    with app.app_context():
        drain_all()
    before = mei.api("GET", f"/tasks/{task['id']}").json["state"]
    clock.shift(timedelta(days=3))
    with app.app_context():
        drain_all()
        drain_all()

    assert before == "open"
    assert mei.api("GET", f"/tasks/{task['id']}").json["state"] == "closed"


def test_a_timer_of_an_earlier_opening_does_not_close_the_later_one(mei, app):
    task = opened(mei, bids_close_at=later(1))
    mei.api("DELETE", f"/tasks/{task['id']}/opening")
    etag = mei.api("GET", f"/tasks/{task['id']}").headers["ETag"]
    mei.api("PATCH", f"/tasks/{task['id']}", json={"bids_close_at": later(10)}, headers={"If-Match": etag})
    mei.api("POST", f"/tasks/{task['id']}/opening")
    clock.shift(timedelta(days=3))
    with app.app_context():
        drain_all()

    assert mei.api("GET", f"/tasks/{task['id']}").json["state"] == "open"


def test_only_the_merchant_moves_a_brief(mei, lin, zhou):
    task = opened(mei)

    for who in (lin, zhou):
        for verb in ("closing", "cancellation", "opening"):
            assert problem(who.api("POST", f"/tasks/{task['id']}/{verb}"))[0] == 403


def test_a_cancelled_brief_stays_cancelled(mei):
    task = opened(mei)
    mei.api("POST", f"/tasks/{task['id']}/cancellation")

    for verb in ("closing", "cancellation", "opening"):
        assert problem(mei.api("POST", f"/tasks/{task['id']}/{verb}"))[0] == 409


def test_the_pages_close_and_cancel(mei):
    task = opened(mei)
    browser = mei.browser()

    closed = submit(browser, f"/m/tasks/{task['id']}", f"/m/tasks/{task['id']}/closing")
    cancelled = submit(browser, f"/m/tasks/{task['id']}", f"/m/tasks/{task['id']}/cancellation")

    assert closed.status_code == cancelled.status_code == 303
    assert mei.api("GET", f"/tasks/{task['id']}").json["state"] == "cancelled"
    again = submit(browser, f"/m/tasks/{task['id']}", f"/m/tasks/{task['id']}/closing")
    assert again.status_code == 303  # back to the page, with the sentence
    assert "已取消" in browser.get(f"/m/tasks/{task['id']}").text


def test_a_copy_is_a_draft_without_dates(mei, lin):
    task = opened(mei, sealed=True)
    mei.api("POST", f"/tasks/{task['id']}/cancellation")

    copy = mei.api("POST", f"/tasks/{task['id']}/copies")
    foreign = lin.api("POST", f"/tasks/{task['id']}/copies")

    assert copy.status_code == 201
    same = (
        "title",
        "goal",
        "deliverables",
        "shots",
        "budget_fen",
        "sealed",
        "category",
        "format",
        "audience",
    )
    assert {name: copy.json[name] for name in same} == {name: task[name] for name in same}
    assert (copy.json["state"], copy.json["deadline"], copy.json["bids_close_at"]) == ("draft", None, None)
    assert problem(foreign)[0] == 403

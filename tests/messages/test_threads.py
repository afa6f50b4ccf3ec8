"""What parties say to each other."""

import pytest

from market.kit.db import transaction
from market.messages import queries, service
from tests.conftest import Player, submit


@pytest.fixture
def thread(ctx, mei: Player, lin: Player):
    with transaction():
        return service.thread_for("order", mei.party_id, "双11 抖音短视频", [mei.party_id, lin.party_id])


def test_a_subject_has_one_thread_per_set_of_parties(ctx, thread, mei: Player, lin: Player):
    with transaction():
        again = service.thread_for("order", mei.party_id, "别的标题", [lin.party_id, mei.party_id])

    assert again.id == thread.id


def test_what_is_said_is_unread_for_the_other_until_he_looks(ctx, thread, mei: Player, lin: Player):
    with transaction():
        service.say(thread, "请在周五前给初稿", by=mei.actor)

    assert queries.unread_threads(lin.actor) == {thread.id}
    assert queries.unread_threads(mei.actor) == set()
    lin.browser().get(f"/threads/{_pid(thread)}")
    assert queries.unread_threads(lin.actor) == set()


def test_a_stranger_gets_not_found(ctx, thread, bo: Player):
    assert bo.api("GET", f"/threads/{_pid(thread)}").status_code == 404
    assert bo.api("POST", f"/threads/{_pid(thread)}/messages", json={"text": "hi"}).status_code == 404
    assert bo.browser().get(f"/threads/{_pid(thread)}").status_code == 404


@pytest.mark.parametrize(
    "text", ["加我微信聊 lin_2026", "电话 138 1234 5678", "mail me: a.b@c.com", "vx：abcde123"]
)
def test_contact_details_are_marked(ctx, thread, mei: Player, text: str):
    said = mei.api("POST", f"/threads/{_pid(thread)}/messages", json={"text": text})

    assert said.status_code == 201
    assert said.json["leaks"] is True


def test_prices_and_dates_are_not_contact_details(ctx, thread, mei: Player):
    said = mei.api(
        "POST", f"/threads/{_pid(thread)}/messages", json={"text": "预算 13800 元，11月11日 20:00 前交付"}
    )

    assert said.json["leaks"] is False


def test_what_was_typed_stays_when_it_is_refused(ctx, thread, mei: Player):
    answer = submit(mei.browser(), f"/threads/{_pid(thread)}", text="长" * 2001)

    assert answer.status_code == 422
    assert "长" * 2001 in answer.text


def _pid(thread) -> str:
    from market.kit.ids import encode

    return encode("thr", thread.id)

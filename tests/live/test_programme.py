"""The programme: shows by day, reminders before the start, once."""

from datetime import timedelta

from sqlalchemy import select

from market.accounts.vocabulary import Format
from market.kit import clock
from market.kit.db import db, transaction
from market.kit.events import history
from market.live import service
from market.live.models import Programme, ProgrammeState
from tests.conftest import Player, drain_all, submit
from tests.publication import acts


def listed(mei: Player, lin: Player) -> tuple[Programme, str]:
    event = acts.put_on_shelf(acts.accepted(mei, lin, Format.LIVE, title="青花专场"))
    return db.session.scalars(select(Programme)).one(), event.data["url"]


def fresh() -> Programme:
    return db.session.scalars(select(Programme).execution_options(populate_existing=True)).one()


def test_a_show_stands_in_the_guide_with_its_countdown(ctx, app, mei: Player, lin: Player):
    show, url = listed(mei, lin)
    anonymous = app.test_client()

    assert "青花专场" in anonymous.get("/live").text
    page = anonymous.get(url).text
    assert f'data-clock="{show.starts_at.isoformat()}"' in page
    assert "青花专场" not in anonymous.get("/live?day=2001-01-01").text
    assert anonymous.get("/live?day=not-a-day").status_code == 200
    told = anonymous.get("/api/v1/programmes").json["data"]
    assert [one["title"] for one in told] == ["青花专场"]


def test_who_asked_is_reminded_once_before_the_start(ctx, mei: Player, lin: Player, wen: Player, bo: Player):
    show, url = listed(mei, lin)
    address = f"/programmes/{url.removeprefix('/live/')}/reminder"
    for _ in range(2):
        assert wen.api("PUT", address).json["waiting"] == 1
    bo.api("PUT", address)
    bo.api("DELETE", address)
    drain_all()
    assert not [one for one in history(show.id) if one.name == "live.starting"]

    clock.shift(timedelta(days=2) - timedelta(minutes=14))
    drain_all()
    with transaction():
        service.send_reminders(show.id, {})

    starting = [one for one in history(show.id) if one.name == "live.starting"]
    assert len(starting) == 1
    assert set(starting[0].audience) == {wen.party_id, lin.party_id}
    assert any("青花专场" in each["text"] for each in wen.api("GET", "/notices").json["data"])
    assert mei.api("PUT", address).status_code == 409


def test_after_its_time_a_show_is_past(ctx, app, mei: Player, lin: Player):
    show, url = listed(mei, lin)

    clock.shift(timedelta(days=2, minutes=30))
    assert fresh().is_now
    clock.shift(timedelta(days=2, hours=2))
    drain_all()

    assert fresh().state is ProgrammeState.PAST
    assert not [one for one in history(show.id) if one.name == "live.starting"], "too late to be of use"
    page = app.test_client().get(url)
    assert "直播已结束" in page.text
    assert "data-clock" not in page.text
    assert "青花专场" not in app.test_client().get("/live").text


def test_the_button_turns_and_turns_back(ctx, mei: Player, lin: Player, wen: Player):
    _show, url = listed(mei, lin)
    browser = wen.browser()

    assert submit(browser, url, f"{url}/reminder", on="1").status_code == 303
    assert "取消提醒" in browser.get(url).text
    assert submit(browser, url, f"{url}/reminder", on="0").status_code == 303
    assert "开播前提醒我" in browser.get(url).text


def test_a_withdrawn_show_reminds_nobody(ctx, app, mei: Player, lin: Player, wen: Player):
    show, url = listed(mei, lin)
    wen.api("PUT", f"/programmes/{url.removeprefix('/live/')}/reminder")
    with transaction():
        service.withdraw(show.id)
    with transaction():
        service.withdraw(show.id)

    clock.shift(timedelta(days=3))
    drain_all()

    assert not [one for one in history(show.id) if one.name == "live.starting"]
    assert app.test_client().get(url).status_code == 404
    assert wen.api("PUT", f"/programmes/{url.removeprefix('/live/')}/reminder").status_code == 404

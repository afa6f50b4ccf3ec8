"""The way in: two doors, the newest films, the season's venue, and help that says the present figures."""

import re

from market.campaigns import service as campaigns
from market.kit.db import transaction
from market.kit.figures import figures
from tests.conftest import Player, drain_all
from tests.publication import acts


def test_an_empty_market_says_what_will_stand_here_and_where_to_go(app):
    page = app.test_client().get("/")

    assert page.status_code == 200
    assert "还没有作品" in page.text
    assert 'href="/tasks"' in page.text


def test_the_newest_films_and_the_venue_stand_on_the_home_page(
    app, ctx, mei: Player, lin: Player, zhou: Player
):
    with transaction():
        campaigns.write_calendar()
    for number in range(7):
        acts.put_on_shelf(acts.accepted(mei, lin, title=f"第 {number} 条视频"))
    venue = {"season": "double11-2026", "slug": "double11", "title": "双11 主会场", "subtitle": "好物返场"}
    made = zhou.api("POST", "/venues", json=venue).json
    zhou.api("POST", f"/venues/{made['id']}/publication")
    drain_all()

    page = app.test_client().get("/").text

    assert [title for title in re.findall(r"第 \d 条视频", page) if title == "第 0 条视频"] == []
    assert page.count('class="card-tile video-card"') == 6
    assert 'href="/venues/double11"' in page
    assert "双11 主会场" in page


def test_help_says_the_figures_that_count_now(app):
    page = app.test_client().get("/help?lang=en").text

    assert f"After {figures.auto_accept_h} hours" in page
    assert f"{figures.fee_bps / 100:g}%" in page


def test_the_style_sheet_page_is_for_those_who_build(app, monkeypatch):
    assert app.test_client().get("/styleguide").status_code == 200

    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", _in_production(settings))
    assert app.test_client().get("/styleguide").status_code == 404


def _in_production(settings):
    from dataclasses import replace

    return replace(settings, environment="production")

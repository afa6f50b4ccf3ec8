"""Accepted work comes to its shelf by event, once, whatever runs twice or at the same time."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from market.accounts.vocabulary import Format
from market.feed.models import Post
from market.kit.db import db, transaction
from market.kit.events import history
from market.live.models import Programme
from market.media.models import Asset
from market.orders.queries import find as find_order
from market.orders.states import OrderState
from market.publication import service
from market.publication.models import Publication
from market.video.models import Video
from tests.conftest import Player, drain_all
from tests.publication import acts

ROWS = {Format.VIDEO: Video, Format.ARTICLE: Post, Format.LIVE: Programme}


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("format_", list(Format))
def test_each_format_comes_to_its_shelf_and_completes_the_order(
    ctx, mei: Player, lin: Player, format_: Format
):
    product = acts.product(mei)
    submission = acts.accepted(mei, lin, format_, products=[product])

    drain_all()

    entry = db.session.scalars(select(ROWS[format_])).one()
    assert entry.source_id == submission.id
    assert entry.product_ids == [product.id]
    assert (getattr(entry, "creator_id", None) or entry.author_id) == lin.party_id
    assert find_order(submission.order_id).state is OrderState.COMPLETED
    assert [one.name for one in history(submission.order_id)].count("publication.published") == 1
    told = mei.api("GET", "/notices").json["data"]
    assert any("一分钟看懂青花茶具" in notice["text"] for notice in told)


@pytest.mark.parametrize(("wanted", "minutes"), [(150, 150), (None, service.SHOW_MINUTES)])
def test_a_show_stands_in_the_programme_for_as_long_as_was_agreed(
    ctx, mei: Player, lin: Player, wanted: int | None, minutes: int
):
    acts.put_on_shelf(acts.accepted(mei, lin, Format.LIVE, live_minutes=wanted))

    show = db.session.scalars(select(Programme)).one()
    assert show.ends_at - show.starts_at == timedelta(minutes=minutes)


def test_a_script_is_not_published(ctx, mei: Player, lin: Player):
    submission = acts.accepted(mei, lin)
    script = next(one for one in history(submission.order_id) if one.name == "delivery.accepted")

    with transaction():
        service.publish(script)

    assert count(Video) == 0


def test_publishing_twice_adds_one_entry(ctx, mei: Player, lin: Player):
    submission = acts.accepted(mei, lin)

    for _ in range(3):
        acts.put_on_shelf(submission)

    assert (count(Video), count(Publication)) == (1, 1)
    assert [one.name for one in history(submission.order_id)].count("publication.published") == 1


def test_publishing_at_the_same_time_adds_one_entry(app: Flask, ctx, mei: Player, lin: Player):
    submission = acts.accepted(mei, lin)
    event_id = acts.accepted_event(submission).id
    gate = threading.Barrier(6)
    failures: list[BaseException] = []

    def work() -> None:
        from market.kit.events import Event

        try:
            with app.app_context():
                event = db.session.get(Event, event_id)
                db.session.commit()
                gate.wait(60)
                with transaction():
                    service.publish(event)
                db.session.remove()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not failures
    db.session.expire_all()
    assert (count(Video), count(Publication)) == (1, 1)
    assert [one.name for one in history(submission.order_id)].count("publication.published") == 1


def test_publishing_opens_the_file_to_everybody(app: Flask, ctx, mei: Player, lin: Player):
    submission = acts.accepted(mei, lin)
    assert db.session.get(Asset, submission.asset_id).published_at is None

    acts.put_on_shelf(submission)

    assert db.session.get(Asset, submission.asset_id).published_at is not None


def test_the_receipt_releases_the_last_milestone_once(ctx, mei: Player, lin: Player):
    submission = acts.accepted(mei, lin)
    event = acts.put_on_shelf(submission)

    for _ in range(2):
        with transaction():
            service.land(event)

    order = find_order(submission.order_id)
    assert order.milestones[-1].receipt["url"].startswith("/v/vid_")
    assert [one.name for one in history(order.id)].count("order.completed") == 1

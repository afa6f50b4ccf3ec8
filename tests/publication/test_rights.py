"""Bought rights end, and the merchant may take work down earlier: then it is nowhere any more."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from market.accounts.vocabulary import Format
from market.delivery.models import Submission
from market.kit import clock
from market.kit.db import db, transaction
from market.kit.ids import encode
from market.media.models import Asset
from market.publication import service
from market.publication.models import Publication
from market.publication.rights import months_later
from market.video import service as video
from market.video.kinds import FilmKind
from tests.conftest import Player, drain_all, submit
from tests.publication import acts


def publication() -> Publication:
    return db.session.scalars(select(Publication).execution_options(populate_existing=True)).one()


def test_the_term_ends_where_contracts_are_made():
    assert (
        months_later(datetime(2026, 8, 31, 16, 30, tzinfo=UTC), 6).isoformat() == "2027-03-01T00:30:00+08:00"
    )
    assert months_later(datetime(2026, 8, 31, 4, tzinfo=UTC), 6).isoformat() == "2027-02-28T12:00:00+08:00"
    assert months_later(datetime(2026, 11, 23, 4, tzinfo=UTC), 14).isoformat() == "2028-01-23T12:00:00+08:00"


def test_when_the_rights_end_the_work_leaves_every_page(app, ctx, mei: Player, lin: Player):
    product = acts.product(mei)
    event = acts.put_on_shelf(acts.accepted(mei, lin, products=[product], months=1))
    page = app.test_client()
    assert page.get(event.data["url"]).status_code == 200

    clock.shift(timedelta(days=33))
    drain_all()

    assert publication().withdrawn_because == "rights"
    assert page.get(event.data["url"]).status_code == 404
    assert "一分钟看懂青花茶具" not in page.get("/discover").text
    assert "mark-video" not in page.get(f"/p/{encode('prd', product.id)}").text


def test_the_merchant_takes_it_down_with_two_clicks(app, ctx, mei: Player, lin: Player):
    event = acts.put_on_shelf(acts.accepted(mei, lin, Format.ARTICLE))
    address = f"/publications/{encode('pub', publication().id)}/withdrawal"
    browser = mei.browser()

    answers = [submit(browser, "/m/products", address) for _ in range(2)]

    assert answers[0].status_code == 303
    assert publication().withdrawn_because == "asked"
    assert app.test_client().get(event.data["url"]).status_code == 404
    assert event.data["title"] not in app.test_client().get("/feed").text


def test_a_file_closes_with_the_last_thing_that_shows_it(ctx, mei: Player, lin: Player):
    first = acts.accepted(mei, lin)
    acts.put_on_shelf(first)
    twin = {
        "source_id": acts.nobody(),
        "kind": FilmKind.CONTENT,
        "creator_id": lin.party_id,
        "merchant_id": None,
        "order_id": None,
    }
    with transaction():
        other = video.add(**twin, asset_id=first.asset_id, title="同一条片子", category="home")

    with transaction():
        service.withdraw(service.queries.lock(publication().id), reason="asked", by=mei.actor)
    assert file_of(first).published_at is not None, "another video still needs it"
    with transaction():
        video.withdraw(other.id)

    second = acts.accepted(mei, lin)
    acts.put_on_shelf(second)
    latest = db.session.scalars(select(Publication).where(Publication.submission_id == second.id)).one()
    with transaction():
        service.withdraw(service.queries.lock(latest.id), reason="asked", by=mei.actor)
    assert file_of(second).published_at is None


def file_of(submission: Submission) -> Asset:
    return db.session.get_one(Asset, submission.asset_id, populate_existing=True)


def test_others_may_not_take_it_down(ctx, mei: Player, lin: Player, bo: Player, ada: Player):
    acts.put_on_shelf(acts.accepted(mei, lin))
    address = f"/publications/{encode('pub', publication().id)}/withdrawal"

    assert lin.api("POST", address).status_code == 403
    assert bo.api("POST", address).status_code == 404
    assert ada.api("GET", address.removesuffix("/withdrawal")).status_code == 404
    assert publication().is_up
    assert mei.api("POST", address).json["withdrawn_at"]
    assert mei.api("POST", address).status_code == 200

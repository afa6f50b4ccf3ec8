"""Deleting a file: only its owner's, only when nothing uses it, and its bytes go afterwards by the worker."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from market.accounts.vocabulary import Format
from market.kit import ids
from market.kit.db import Base, db, transaction
from market.kit.events import history
from market.media import incoming, queries, service, uses
from market.media.config import config
from market.media.errors import AssetInUse
from market.media.models import Asset, DiscardedFile, Kind, MediaJob
from market.media.storage import storage
from tests.conftest import Player, csrf_token, submit
from tests.media.test_uploads import DATA, TUS, begin, send
from tests.media.test_work import put
from tests.publication import acts
from workers import media as worker


def address(asset_id: UUID) -> str:
    return f"/assets/{ids.encode('ast', asset_id)}"


def left() -> list[str]:
    """Every file of the installation."""
    return sorted(path.name for path in config().root.rglob("*") if path.is_file())


@pytest.fixture
def paper(app: Flask, lin: Player, tmp_path: Any) -> Asset:
    """A ready document of Lin's."""
    source = tmp_path / "脚本.txt"
    source.write_text("hello")
    with app.app_context():
        asset_id = put(lin, source, Kind.FILE)
        worker.drain()
        ready = service.find(asset_id)
        db.session.expunge_all()
    return ready


def test_a_deleted_file_is_gone_at_once_and_its_bytes_by_the_worker(app: Flask, lin: Player, paper: Asset):
    browser = lin.browser()
    assert browser.get(paper.download_url).status_code == 200

    assert lin.api("DELETE", address(paper.id)).status_code == 204

    assert lin.api("GET", address(paper.id)).status_code == 404
    assert lin.api("DELETE", address(paper.id)).status_code == 404
    assert browser.get(paper.download_url).status_code == 404
    with app.app_context():
        assert queries.used_bytes(lin.party_id) == 0
        assert [fact.name for fact in history(paper.id)][-1] == "media.deleted"
        assert left(), "a request removes no files"
        assert worker.discard() == 1
        assert left() == []
        assert worker.discard() == 0


def test_a_worker_that_dies_while_removing_is_followed_by_another(
    app: Flask, lin: Player, paper: Asset, monkeypatch: pytest.MonkeyPatch
):
    lin.api("DELETE", address(paper.id))
    with app.app_context(), monkeypatch.context() as broken:
        broken.setattr(incoming, "path_of", lambda token: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            worker.discard()

    with app.app_context():
        assert db.session.scalars(select(DiscardedFile.token)).all() == [paper.token]
        assert worker.discard() == 1
        assert db.session.scalars(select(DiscardedFile.token)).all() == []


def test_strangers_and_those_it_is_shared_with_delete_nothing(
    app: Flask, cast: dict[str, Player], paper: Asset
):
    with app.app_context(), transaction():
        service.share(paper.id, cast["mei"].party_id)

    for name in ("mei", "bo", "ada", "wen", "zhou"):
        assert cast[name].api("DELETE", address(paper.id)).status_code == 404
    assert app.test_client().delete(f"/api/v1{address(paper.id)}").status_code == 401

    assert cast["lin"].api("DELETE", address(paper.id)).status_code == 204


def test_an_abandoned_upload_goes_with_what_had_arrived(app: Flask, lin: Player):
    path = begin(lin)
    send(lin, path, 0, DATA[:1000])

    assert lin.api("DELETE", path.replace("uploads", "assets")).status_code == 204

    assert lin.api("HEAD", path, headers=TUS).status_code == 404
    assert left() == []


def test_an_upload_that_is_being_written_is_left_alone(app: Flask, lin: Player):
    path = begin(lin)
    with app.app_context():
        token = db.session.scalars(select(Asset.token)).one()

    with incoming.locked(token):
        assert lin.api("DELETE", path.replace("uploads", "assets")).status_code == 423

    assert lin.api("HEAD", path, headers=TUS).status_code == 200


def test_a_film_in_work_is_taken_from_its_worker(app: Flask, ctx: None, lin: Player, film: Any):
    asset_id = put(lin, film)
    with transaction():
        order = service.take("a")
    assert order

    with transaction():
        service.remove(asset_id, by=lin.actor)
    lease = worker.Lease(order)
    lease.renewed -= 60

    with pytest.raises(worker.LeaseLost):
        lease.alive()
    with transaction():
        assert not service.give_back(order, "too late")
    assert db.session.scalars(select(MediaJob)).all() == []


def used_by_order(mei: Player, lin: Player) -> UUID:
    key = acts.accepted(mei, lin).asset_id
    assert key
    return key


def used_by_second_picture(mei: Player, lin: Player) -> UUID:
    """Only the JSON of the submission names it."""
    content = acts.accepted(mei, lin, Format.ARTICLE).content
    return ids.decode("ast", content["image_ids"][1])


def used_by_product(mei: Player, lin: Player) -> UUID:
    picture = acts.asset(lin)
    product = acts.product(mei)
    with transaction():
        product.image_ids = [picture.id]
    return picture.id


def used_by_draft(mei: Player, lin: Player) -> UUID:
    clip = acts.asset(lin, Kind.VIDEO)
    row = {"asset_id": ids.encode("ast", clip.id), "in_ms": 0, "out_ms": 5000}
    made = lin.api("POST", "/edits", json={"title": "开箱", "edit_list": {"clips": [row]}})
    assert made.status_code == 201, made.text
    return clip.id


def used_by_film_in_work(mei: Player, lin: Player) -> UUID:
    clip = acts.asset(lin, Kind.VIDEO)
    with transaction():
        service.compose({"clips": [{"source": clip.original_key}]}, filename="a.mp4", size=1, by=lin.actor)
    return clip.id


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (used_by_order, "订单的交付"),
        (used_by_second_picture, "订单的交付"),
        (used_by_product, "商品图片"),
        (used_by_draft, "剪辑草稿"),
        (used_by_film_in_work, "正在制作的成片"),
    ],
)
def test_what_is_in_use_stays_and_the_answer_says_where(
    app: Flask, ctx: None, mei: Player, lin: Player, use: Callable[[Player, Player], UUID], words: str
):
    asset_id = use(mei, lin)
    free = acts.asset(lin)

    answer = lin.api("DELETE", address(asset_id), headers={"Accept-Language": "zh"})

    assert answer.status_code == 409
    assert words in answer.json["detail"]
    assert lin.api("GET", address(asset_id)).status_code == 200
    assert lin.api("DELETE", address(free.id)).status_code == 204


def test_every_table_that_points_at_files_says_in_which_words(app: Flask):
    """A new column must be named, or a file in use could be deleted, or nobody be told by what it is used."""
    named = {f"{column.table.name}.{column.name}" for column in uses.holders() if uses.HOLDS in column.info}
    keys = {f"{column.table.name}.{column.name}" for column in uses.holders()}
    lists = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in ("image_ids", "asset_ids")
    }

    assert keys | lists == named


def test_deleting_and_attaching_at_the_same_time_leaves_no_hole(
    app: Flask, ctx: None, mei: Player, lin: Player
):
    """One of them wins; nothing ever points at a file that is gone."""
    for _ in range(8):
        picture = acts.asset(lin)
        barrier = Barrier(2)
        outcome: dict[str, str] = {}

        def delete(asset_id: UUID = picture.id, barrier: Barrier = barrier, outcome: Any = outcome) -> None:
            with app.app_context():
                barrier.wait()
                try:
                    with transaction():
                        service.remove(asset_id, by=lin.actor)
                    outcome["delete"] = "done"
                except AssetInUse:
                    outcome["delete"] = "refused"

        def attach(asset_id: UUID = picture.id, barrier: Barrier = barrier, outcome: Any = outcome) -> None:
            barrier.wait()
            data = {"title": "茶席", "body": "六件套", "image_ids": [ids.encode("ast", asset_id)]}
            outcome["attach"] = str(lin.api("POST", "/posts", json=data).status_code)

        both = [Thread(target=delete), Thread(target=attach)]
        for each in both:
            each.start()
        for each in both:
            each.join()

        assert outcome in (
            {"delete": "done", "attach": "422"},
            {"delete": "refused", "attach": "201"},
        ), outcome


def test_the_pages_delete_with_a_second_step_and_say_why_not(
    app: Flask, ctx: None, lin: Player, mei: Player, paper: Asset
):
    browser = lin.browser()
    public = ids.encode("ast", paper.id)
    assert f'action="/uploads/{public}/deletion"' in browser.get("/uploads").text
    held = ids.encode("ast", used_by_order(mei, lin))

    refused = submit(browser, f"/uploads/{held}", f"/uploads/{held}/deletion")
    said = browser.get(refused.headers["Location"]) if refused.status_code == 303 else refused
    done = submit(browser, f"/uploads/{public}", f"/uploads/{public}/deletion")

    assert "订单的交付" in said.text
    assert (done.status_code, done.headers["Location"]) == (303, "/uploads")
    page = browser.get("/uploads").text
    assert "文件已删除" in page
    assert public not in page


def test_those_a_file_is_shared_with_see_no_button(app: Flask, mei: Player, paper: Asset):
    with app.app_context(), transaction():
        service.share(paper.id, mei.party_id)
    public = ids.encode("ast", paper.id)
    browser = mei.browser()

    page = browser.get(f"/uploads/{public}").text

    assert "/deletion" not in page
    answer = browser.post(f"/uploads/{public}/deletion", data={"csrf_token": csrf_token(page)})
    assert answer.status_code == 404
    assert lin_still_has(app, paper)


def lin_still_has(app: Flask, paper: Asset) -> bool:
    with app.app_context():
        return bool(storage().size(paper.key(paper.renditions["file"])))

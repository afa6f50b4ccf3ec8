"""Drafts of films: kept, refused field by field, made into one film, taken up again when a worker dies."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from market.kit import ids
from market.kit.db import transaction
from market.media import service
from market.media.config import config
from market.media.models import Asset
from market.media.storage import storage
from tests.conftest import Player
from tests.media.test_serving import ready_film
from tests.media.test_work import let_lease_run_out, look
from workers import media as worker


@pytest.fixture
def ready(app: Flask, lin: Player, film: Path, shelf: Path) -> Asset:
    """Three seconds of Lin's."""
    return ready_film(app, lin, film, shelf)


def clip_of(asset: Asset, in_ms: int = 0, out_ms: int = 2000, **more: Any) -> dict[str, Any]:
    return {"asset_id": ids.encode("ast", asset.id), "in_ms": in_ms, "out_ms": out_ms, **more}


def begun(who: Player, **edit_list: Any) -> Any:
    return who.api("POST", "/edits", json={"title": "新品开箱", "edit_list": edit_list})


def pointers(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {each["pointer"]: each["detail"] for each in answer.json["errors"]}


def text(**more: Any) -> dict[str, Any]:
    return {"text": "双十一", "start_ms": 0, "end_ms": 500, **more}


WRONG = [
    ({"version": 2}, "/edit_list/version", "1"),
    (
        {"clips": [{"asset_id": "ast_x", "in_ms": 0, "out_ms": 900}]},
        "/edit_list/clips/0/asset_id",
        "编号",
    ),
    ({"clips": [{"in_ms": 0, "out_ms": 900}]}, "/edit_list/clips/0/asset_id", "填写"),
    ({"texts": [text(), text(text="好😀")]}, "/edit_list/texts/1/text", "😀"),
    ({"texts": [text(text="一" * 11, size="large")]}, "/edit_list/texts/0/text", "太宽"),
    ({"texts": [text(end_ms=0)]}, "/edit_list/texts/0/end_ms", "晚于"),
    ({"texts": [text(x=10_001)]}, "/edit_list/texts/0/x", "10,000"),
    ({"texts": [text(size="huge")]}, "/edit_list/texts/0/size", "large"),
    ({"captions": [text(text="龘")]}, "/edit_list/captions/0/text", "龘"),
    ({"music": {"track": "beatles"}}, "/edit_list/music/track", "breeze"),
    ({"music": {"track": "breeze", "level": 101}}, "/edit_list/music/level", "100"),
    ({"cover_ms": -1}, "/edit_list/cover_ms", "0"),
    ({"filter": "drawtext"}, "/edit_list/filter", "没有"),
]


def test_what_is_wrong_in_a_list_is_told_at_its_place(lin: Player):
    for edit_list, pointer, word in WRONG:
        told = pointers(begun(lin, **edit_list))

        assert list(told) == [pointer]
        assert word in told[pointer], told


def test_clips_are_of_ones_own_films_and_no_longer_than_these(lin: Player, bo: Player, ready: Asset):
    assert list(pointers(begun(bo, clips=[clip_of(ready)]))) == ["/edit_list/clips/0/asset_id"]
    long = begun(lin, clips=[clip_of(ready), clip_of(ready, 0, 3500)])
    assert list(pointers(long)) == ["/edit_list/clips/1/out_ms"]
    assert list(pointers(begun(lin, clips=[clip_of(ready, 1000, 1100)]))) == ["/edit_list/clips/0/out_ms"]

    assert begun(lin, clips=[clip_of(ready)]).status_code == 201


def test_a_draft_is_its_partys_own_and_saved_only_over_what_was_read(lin: Player, bo: Player, ready: Asset):
    draft = begun(lin, clips=[clip_of(ready)]).json
    path = f"/edits/{draft['id']}"
    seen = lin.api("GET", path)
    change = {"title": "改了", "edit_list": {"clips": [clip_of(ready, 500, 2500)], "texts": [text()]}}

    assert bo.api("GET", path).status_code == 404
    assert bo.api("DELETE", path).status_code == 404
    assert lin.api("PATCH", path, json=change).status_code == 428
    first = lin.api("PATCH", path, json=change, headers={"If-Match": seen.headers["ETag"]})
    late = lin.api("PATCH", path, json={"title": "再改"}, headers={"If-Match": seen.headers["ETag"]})

    assert first.status_code == 200
    assert late.status_code == 412
    kept = lin.api("GET", path).json
    assert kept["title"] == "改了"
    assert kept["duration_ms"] == 2000
    assert kept["edit_list"]["texts"][0]["size"] == "medium"
    assert [each["id"] for each in lin.api("GET", "/edits").json["data"]] == [draft["id"]]
    assert bo.api("GET", "/edits").json["data"] == []
    assert lin.api("DELETE", path).status_code == 204
    assert lin.api("GET", path).status_code == 404


def test_a_list_that_makes_no_film_yet_says_what_is_missing(lin: Player, ready: Asset):
    def refused(**edit_list: Any) -> list[str]:
        draft = begun(lin, **edit_list).json
        return list(pointers(lin.api("POST", f"/edits/{draft['id']}/film")))

    assert refused() == ["/edit_list/clips"]
    assert refused(clips=[clip_of(ready, 0, 500)]) == ["/edit_list/clips"]
    assert refused(clips=[clip_of(ready)], cover_ms=2500) == ["/edit_list/cover_ms"]
    late = text(start_ms=2000, end_ms=2500)
    assert refused(clips=[clip_of(ready)], texts=[text(), late], captions=[late]) == [
        "/edit_list/texts/1/start_ms",
        "/edit_list/captions/0/start_ms",
    ]


def test_a_killed_workers_film_is_taken_up_again_and_becomes_an_ordinary_one(
    app: Flask, lin: Player, ready: Asset
):
    edit = {
        "clips": [clip_of(ready, 500, 1500), clip_of(ready, 0, 1000)], "texts": [text()],
        "captions": [text()], "music": {"track": "breeze"},
    }  # fmt: skip
    path = f"/edits/{begun(lin, **edit).json['id']}"
    asked = lin.api("POST", f"{path}/film")
    again = lin.api("POST", f"{path}/film")
    assert asked.status_code == 201, asked.text
    assert again.json["id"] == asked.json["id"], "a double click makes one film"
    assert asked.json["progress"]["step"] == "queue"
    with app.app_context():
        with transaction():
            assert service.take("dies here")
        let_lease_run_out()

        assert worker.drain() == 1

        film = look(ids.decode("ast", asked.json["id"]))
        assert film.is_ready, film.refusal_code
        assert film.revision == "r2"
        assert film.duration_ms == pytest.approx(2000, abs=100)
        assert film.size == storage().size(film.key(film.renditions["mp4"]))
        assert not list((config().root / "work").iterdir())
        assert service.attachable(film.id, film.kind, by=lin.actor, ready=True)
    told = lin.api("GET", f"/assets/{asked.json['id']}").json
    assert {"hls", "mp4", "poster", "preview", "sprite", "captions"} == set(told["urls"])
    assert [each["code"] for each in told["checks"]] == ["length", "ratio", "black", "silent", "loudness"]
    assert all(each["ok"] for each in told["checks"]), told["checks"]
    assert lin.api("GET", path).json["film_id"] == asked.json["id"]

    second = begun(lin, clips=[{"asset_id": asked.json["id"], "in_ms": 0, "out_ms": 1500}]).json
    asked = lin.api("POST", f"/edits/{second['id']}/film")
    with app.app_context():
        worker.drain()
        assert look(ids.decode("ast", asked.json["id"])).is_ready, "a film that was made can be cut again"


VTT = """WEBVTT

NOTE from the cutting room

intro
00:00.500 --> 00:02.000 align:start
<v Mei>大家好</v> &amp; 晚上好
第二行

00:00:02.500 --> 00:00:03.000
再见
"""
SRT = "\ufeff1\r\n00:00:00,500 --> 00:00:02,000\r\n<i>大家好</i>\r\n\r\n2\r\n00:00:02,500 --> 00:00:03,000\r\n再见\r\n"


def test_captions_are_read_from_both_kinds_of_files(lin: Player):
    vtt = lin.api("POST", "/edits/captions", json={"text": VTT})
    srt = lin.api("POST", "/edits/captions", json={"text": SRT})

    assert vtt.json["captions"] == [
        {"start_ms": 500, "end_ms": 2000, "text": "大家好 & 晚上好\n第二行"},
        {"start_ms": 2500, "end_ms": 3000, "text": "再见"},
    ]
    assert [each["text"] for each in srt.json["captions"]] == ["大家好", "再见"]


UNREADABLE = [
    ("", "没有字幕"),
    ("WEBVTT\n\nhello", "第 3 行"),
    ("1\n00:00:02,000 --> 00:00:01,000\nx", "第 2 行"),
    ("00:01.000 --> 00:02.000\n<b></b>", "第 1 行"),
]


def test_a_file_that_cannot_be_read_names_the_line(lin: Player):
    for file, word in UNREADABLE:
        told = pointers(lin.api("POST", "/edits/captions", json={"text": file}))

        assert word in told["/text"]


def test_music_is_listed_with_its_licence_and_is_there_to_hear(app: Flask, lin: Player):
    tracks = lin.api("GET", "/music").json["data"]

    assert len(tracks) == 3
    for track in tracks:
        assert "商业" in track["licence"]
        assert app.test_client().get(track["url"]).status_code == 200

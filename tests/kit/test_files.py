"""Static files and libraries go out compressed, pages do not; a page stays light."""

import gzip
import re

import pytest

from tests.conftest import ROOT

GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("path", ["/static/app.css", "/static/vendor/bootstrap.css", "/static/js/app.js"])
def test_a_text_file_is_gzipped_for_who_takes_it(app, path):
    client = app.test_client()

    plain, packed = client.get(path), client.get(path, headers=GZIP)

    assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert plain.mimetype == packed.mimetype
    assert "max-age" in packed.headers["Cache-Control"]


def test_each_encoding_has_its_etag_and_is_not_sent_twice(app):
    client = app.test_client()
    plain, packed = (client.get("/static/app.css", headers=headers) for headers in ({}, GZIP))

    known = client.get("/static/app.css", headers={**GZIP, "If-None-Match": packed.headers["ETag"]})
    other = client.get("/static/app.css", headers={**GZIP, "If-None-Match": plain.headers["ETag"]})

    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert (known.status_code, known.data) == (304, b"")
    assert other.status_code == 200


def test_a_part_of_an_uncompressed_file_may_be_asked_for(app):
    answer = app.test_client().get("/static/app.css", headers={"Range": "bytes=0-9"})

    assert answer.status_code == 206
    assert answer.data == (ROOT / "static" / "app.css").read_bytes()[:10]


@pytest.mark.parametrize("path", ["/static/../wsgi.py", "/static/none.css", "/static/vendor/none.js"])
def test_nothing_outside_is_served(app, path):
    assert app.test_client().get(path, headers=GZIP).status_code == 404


def test_pages_are_not_compressed(app):
    assert app.test_client().get("/tasks", headers=GZIP).content_encoding is None


def test_a_page_with_all_it_loads_weighs_less_than_150_kb(app, mei):
    browser = mei.browser()
    for path in ("/", "/tasks", "/feed", "/m", "/m/tasks/new"):
        page = browser.get(path, headers=GZIP)
        files = set(re.findall(r'<(?:script|link)[^>]+(?:src|href)="(/static/[^"]+)"', page.text))
        loaded = [browser.get(file.replace("&amp;", "&"), headers=GZIP) for file in files]

        assert len(files) > 5
        assert {answer.status_code for answer in loaded} == {200}
        assert len(page.data) + sum(len(answer.data) for answer in loaded) < 150_000, path

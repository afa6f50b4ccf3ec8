"""Static files and libraries go out compressed, pages do not; a page stays light."""

import gzip
import re
import shutil

import pytest

from market.kit import look
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


IMPORTED = re.compile(r"""(?:^import[^"';]*|\bimport\()["'](\./[^"']+)["']""", re.MULTILINE)


def test_a_script_and_all_it_imports_are_of_one_release(app, monkeypatch, tmp_path):
    """Relative imports stay in the folder that is named by the contents of all scripts: none comes from an old cache."""
    browser = app.test_client()

    def named() -> str:
        address = re.search(r'src="(/static/js\.\w+/)app\.js"', browser.get("/").text)
        assert address
        return address.group(1)

    ours = named()
    waiting, seen = {"app.js", "previews.js", "reel.js"}, set[str]()
    while waiting:
        name = waiting.pop()
        answer = browser.get(ours + name)
        assert answer.status_code == 200
        assert answer.cache_control.immutable
        assert answer.cache_control.max_age == 365 * 24 * 3600
        seen.add(name)
        imports = {each.removeprefix("./") for each in IMPORTED.findall(answer.text)}
        waiting |= imports - seen
    assert {"views.js", "autoplay.js"} <= seen

    shutil.copytree(ROOT / "static" / "js", tmp_path / "static" / "js")
    monkeypatch.setattr(look, "ROOT", tmp_path)
    assert named() == ours, "the same contents on another machine"
    (tmp_path / "static" / "js" / "autoplay.js").write_text("export {};\n")
    assert named() != ours, "whoever imports the changed one is fetched anew, too"
    old = browser.get(ours + "app.js")
    assert (old.status_code, old.cache_control.immutable) == (200, False)
    assert old.cache_control.max_age == 0


def test_scripts_import_each_other_by_relative_addresses_only():
    for script in (ROOT / "static" / "js").glob("*.js"):
        imports = re.findall(
            r"""(?:^import[^"';]*|\bimport\()["']([^"']+)["']""", script.read_text(), re.MULTILINE
        )
        assert [name for name in imports if not name.startswith("./")] == [], script.name


def test_every_page_names_its_files_by_version():
    for page in (ROOT / "templates").rglob("*.html"):
        assert not re.search(r"""["'(]/static/""", page.read_text()), page.name

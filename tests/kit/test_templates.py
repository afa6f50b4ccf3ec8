"""Words are put into a template when it is compiled, once for each language; what is put into words is escaped."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, render_template
from flask_babel import force_locale, format_currency
from jinja2 import DictLoader

from market.kit.pages import format_fen

PAGES = {
    "plain.html": "{{ _('设置') }}",
    "filled.html": "{{ _('给 %(name)s', name=who) }}",
    "percent.html": "{{ _('%(n)s%%', n=7) }}",
    "macro.html": "{% macro said() %}<b>{{ _('设置') }}</b>{% endmacro %}",
    "importing.html": "{% import 'macro.html' as m %}{{ m.said() }}",
    "mail.txt": "{{ _('给 %(name)s', name=who) }}",
}


@pytest.fixture
def pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    env = app.jinja_env
    for each in (env, *env.spoken.values()):  # type: ignore[attr-defined]
        monkeypatch.setattr(each, "loader", DictLoader(PAGES))


@contextmanager
def reading(app: Flask, locale: str) -> Iterator[None]:
    with app.test_request_context("/"), force_locale(locale):
        yield


@pytest.mark.usefixtures("pages")
def test_each_reader_gets_the_words_of_their_language_in_turn(app: Flask):
    for _ in range(2):
        with reading(app, "zh"):
            assert render_template("plain.html") == "设置"
            assert render_template("importing.html") == "<b>设置</b>"
        with reading(app, "en"):
            assert render_template("plain.html") == "Settings"
            assert render_template("importing.html") == "<b>Settings</b>"


@pytest.mark.usefixtures("pages")
def test_what_is_put_into_words_is_escaped_on_pages_alone(app: Flask):
    with reading(app, "en"):
        assert "&lt;i&gt;" in render_template("filled.html", who="<i>")
        assert "<i>" in render_template("mail.txt", who="<i>")
        assert render_template("percent.html") == "7%"


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("fen", [0, 1, 99, 100, 123_456, -5, -123_456, 10**8, 10**12 + 1])
def test_money_is_written_as_babel_writes_it(app: Flask, locale: str, fen: int):
    with reading(app, locale):
        assert format_fen(fen) == format_currency(fen / 100, "CNY")

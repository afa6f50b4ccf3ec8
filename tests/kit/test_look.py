"""What templates ask about looks: nearness of deadlines, counts and initials in both languages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from market.kit import look
from market.kit.clock import now


@contextmanager
def reading(app: Flask, locale: str) -> Iterator[None]:
    with app.test_request_context("/"), force_locale(locale):
        yield


@pytest.mark.parametrize(
    ("hours", "word"), [(-1, "past"), (1, "soon"), (25, "near"), (71, "near"), (73, "far")]
)
def test_a_deadline_is_past_soon_near_or_far(hours: int, word: str):
    assert look.urgency(now() + timedelta(hours=hours)) == word


def test_remaining_is_said_at_the_size_one_plans_with(app: Flask):
    with reading(app, "en"):
        assert look.remaining(now() + timedelta(days=3, minutes=1)) == "3 days left"
        assert look.remaining(now() + timedelta(hours=30, minutes=1)) == "30 hours left"
        assert look.remaining(now() - timedelta(minutes=5)) == "5 min overdue"


def test_a_deadline_says_its_zone_and_leaves_a_near_year_out(app: Flask):
    far = datetime(2019, 11, 11, 0, 0, tzinfo=UTC)

    with reading(app, "zh"):
        assert look.on(far, zone=True) == "2019年11月11日 08:00 UTC+8"
        assert "年" not in look.on(now())


def test_large_counts_are_written_as_their_readers_write_them(app: Flask):
    with reading(app, "zh"):
        assert [look.count(n) for n in (9_999, 12_000, 340_000_000)] == ["9,999", "1.2万", "3.4亿"]
    with reading(app, "en"):
        assert [look.count(n) for n in (9_999, 12_000, 3_400_000)] == ["9,999", "12k", "3.4m"]


@pytest.mark.parametrize(
    ("name", "letters"), [("林间小屋", "林"), ("Studio North", "SN"), ("bo", "B"), ("  ", "·")]
)
def test_initials_stand_in_for_a_picture(name: str, letters: str):
    assert look.initials(name) == letters


def test_an_icon_is_hidden_from_screen_readers_and_carries_no_licence_comment():
    drawing = look.icon("play")

    assert 'aria-hidden="true"' in drawing
    assert "<path" in drawing
    assert "<!--" not in drawing

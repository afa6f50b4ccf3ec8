"""What people type as an amount is that amount to the fen, or is refused: never another amount."""

import pytest
from flask import Flask
from marshmallow import ValidationError

from market.kit.schemas import Fen, Yuan


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("1200", 120_000),
        ("1,234.50", 123_450),
        ("￥ 1，234.5", 123_450),
        ("１００", 10_000),
        (" 0.01 ", 1),
        (".5", 50),
    ],
)
def test_amounts_as_people_write_them(app: Flask, typed: str, fen: int) -> None:
    with app.test_request_context():
        assert Yuan().deserialize(typed) == fen


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1e3", "请填写金额"),
        ("1,5", "请填写金额"),
        ("12,50", "请填写金额"),
        ("1_000", "请填写金额"),
        ("NaN", "请填写金额"),
        ("", "请填写金额"),
        ("1.234", "最多两位小数"),
        ("0", "大于 0"),
        ("-5", "大于 0"),
        ("99999999999", "须在"),
    ],
)
def test_what_could_be_another_amount_is_none(app: Flask, typed: str, said: str) -> None:
    with app.test_request_context(), pytest.raises(ValidationError, match=said):
        Yuan().deserialize(typed)


@pytest.mark.parametrize("given", ["1,5", "1_000", "1e3", 1.5, True, -1, 0])
def test_an_amount_in_json_is_a_whole_number_of_fen(app: Flask, given: object) -> None:
    with app.test_request_context(), pytest.raises(ValidationError):
        Fen().deserialize(given)

"""Signals, out; appeals and rulings, in; a day of an account, through the data door."""

from datetime import date, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields

from market.kit.clock import now
from market.kit.schemas import Choice, Instant, Lines, PageQuery, PublicId, Schema, Text, Whole
from market.kit.words import _, lazy
from market.traffic import words
from market.traffic.models import SignalKind, SignalState

MOST = 10**12
STATES = [state.value for state in SignalState]
MOST_COMMENTS = 500


class AccountDaySchema(Schema):
    """What an account looked like on one day (of its own place)."""

    day = fields.Date(required=True, error_messages={"invalid": lazy("请填写日期，例如 2026-11-11。")})
    fans = Whole(most=MOST, load_default=None, allow_none=True)
    plays = Whole(most=MOST, load_default=0)
    interactions = Whole(most=MOST, load_default=0)
    hours = fields.List(Whole(most=10**9), load_default=list)
    comments = Lines(most=MOST_COMMENTS, most_chars=1000, load_default=list)

    @ma.validates("day")
    def check_day(self, day: date, **_kwargs: Any) -> None:
        if not date(2000, 1, 1) <= day <= now().date() + timedelta(days=1):
            raise ma.ValidationError(_("日期须在 2000 年之后，且不在将来。"))

    @ma.validates("hours")
    def check_hours(self, hours: list[int], **_kwargs: Any) -> None:
        if len(hours) not in (0, 24):
            raise ma.ValidationError(_("请给出 24 个小时各自的互动数，或者不填。"))


class TrafficSignalSchema(Schema):
    """`evidence` holds the figures `text` is made of; it costs points from `counts_from` until `ends_at`."""

    id = PublicId("sig", required=True)
    party_id = PublicId("pty", required=True)
    kind = fields.Enum(SignalKind, by_value=True, required=True)
    state = fields.Enum(SignalState, by_value=True, required=True)
    text = fields.Function(words.seen, required=True, metadata={"type": "string"})
    evidence = fields.Dict(keys=fields.String(), required=True)
    strength = fields.Float(required=True, metadata={"description": "0..1"})
    from_day = fields.Date(required=True)
    until_day = fields.Date(required=True)
    counts_from = Instant(required=True)
    ends_at = Instant(required=True)
    costs = fields.Float(required=True, metadata={"description": "points off in a match while it counts"})
    counts = fields.Boolean(required=True, metadata={"description": "whether it costs points now"})
    appeal = fields.String(required=True)
    appealed_at = Instant(required=True, allow_none=True)
    reason = fields.String(required=True, metadata={"description": "of the ruling"})
    ruled_at = Instant(required=True, allow_none=True)


class TrafficSignalQuery(PageQuery):
    state = Choice(STATES, load_default=None, allow_none=True)


class SignalAppealSchema(Schema):
    text = Text(least=1, most=2000, required=True, metadata={"description": "how it was"})


class SignalRulingSchema(Schema):
    ruling = Choice(["upheld", "lifted"], required=True)
    reason = Text(least=1, most=2000, required=True, metadata={"description": "the creator reads it"})

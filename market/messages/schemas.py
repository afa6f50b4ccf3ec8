"""Threads, messages and notices, in and out."""

from typing import Any

from marshmallow import fields

from market.kit.schemas import Instant, PublicId, Schema, Text
from market.messages import catalogue


class SaySchema(Schema):
    text = Text(least=1, most=2000, required=True)


class MessageSchema(Schema):
    id = PublicId("msg", required=True)
    party_id = PublicId("pty", required=True)
    text = fields.String(required=True)
    leaks = fields.Boolean(
        required=True, metadata={"description": "contact details were given outside the platform"}
    )
    created_at = Instant(required=True)


class ThreadSchema(Schema):
    id = PublicId("thr", required=True)
    subject_kind = fields.String(required=True)
    title = fields.String(required=True)
    parties = fields.List(PublicId("pty"), required=True)
    last_at = Instant(required=True, allow_none=True)


class NoticeSchema(Schema):
    id = PublicId("ntc", required=True)
    event = fields.String(required=True, attribute="name")
    text = fields.Function(
        lambda notice: catalogue.words(notice.name, notice.data), metadata={"type": "string"}
    )
    url = fields.Function(
        lambda notice: catalogue.address(notice.name, notice.subject_id, notice.data),
        metadata={"type": "string"},
    )
    at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)


class ConversationSchema(Schema):
    """A thread with its last messages, oldest first."""

    thread: Any = fields.Nested(ThreadSchema, required=True)
    messages: Any = fields.List(fields.Nested(MessageSchema), required=True)

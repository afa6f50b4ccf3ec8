"""Matches, out."""

from marshmallow import fields

from market.kit.schemas import PublicId, Schema, Whole


class MatchQuery(Schema):
    limit = Whole(least=1, most=100, load_default=20)


class ReasonSchema(Schema):
    """One term of the score; `share` is its part of the total."""

    code = fields.String(required=True)
    label = fields.String(required=True)
    score = fields.Float(required=True)
    share = fields.Float(required=True)
    text = fields.String(required=True)
    numbers = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class CreatorMatchSchema(Schema):
    creator_id = PublicId("pty", required=True)
    name = fields.String(required=True, attribute="creator.party.name")
    handle = fields.String(required=True, attribute="creator.party.handle")
    score = fields.Float(required=True)
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)


class BriefMatchSchema(Schema):
    task_id = PublicId("tsk", required=True, attribute="task.id")
    title = fields.String(required=True, attribute="task.title")
    budget_fen = fields.Integer(required=True, attribute="task.budget_fen")
    score = fields.Float(required=True)
    reasons = fields.List(fields.Nested(ReasonSchema), required=True)


class CreatorMatchesSchema(Schema):
    data = fields.List(fields.Nested(CreatorMatchSchema), required=True)


class BriefMatchesSchema(Schema):
    data = fields.List(fields.Nested(BriefMatchSchema), required=True)

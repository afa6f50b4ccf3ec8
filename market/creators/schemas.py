"""What comes in and goes out about provider profiles."""

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields

from market.accounts.vocabulary import AUDIENCE, CATEGORIES, CITY_TIERS, Format
from market.creators.models import MAX_LEVEL, SHOW_HOURS, USUAL_SLOTS, VIDEO_PRICES, Profile, ProviderKind
from market.kit.schemas import (
    Choice,
    Fen,
    Lines,
    PublicId,
    Rows,
    Schema,
    Text,
    TypedLines,
    TypedRows,
    Whole,
    Yuan,
)
from market.kit.words import _

FORMATS = [each.value for each in Format]
MOST_TAGS = 20


def _shares(part: str) -> type[ma.Schema]:
    """Whole percent by key: `{"female": 72, "male": 28}`. Built from a dict: 18-24 is no name for an attribute."""
    shares: dict[str, Any] = {key: Whole(most=100) for key in AUDIENCE[part]}
    return Schema.from_dict(shares, name=f"{part.title()}Shares")


class WebAddress(Text):
    """An https or http address, as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=500, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        said = super()._deserialize(value, attr, data, **kwargs)
        if said and not said.startswith(("https://", "http://")):
            raise ValidationError(_("请填写以 https:// 开头的网址。"))
        return said


def _length_doc(seconds: str) -> dict[str, str]:
    return {"description": f"for a video of {seconds}; null: not offered"}


HOUR_DOC = {
    "description": "for an hour live; null: not offered. A brief that wants more or less multiplies it"
}


class AudienceSchema(Schema):
    """Whom the creator reaches, in whole percent; a part may add up to less than 100."""

    gender = fields.Nested(_shares("gender"))
    age = fields.Nested(_shares("age"))
    city = fields.Nested(_shares("city"))


class WorkSchema(Schema):
    """Something the creator made before."""

    title = Text(least=1, most=80, required=True)
    url = WebAddress(load_default="")
    format = Choice(FORMATS, load_default="video")
    category = Choice(list(CATEGORIES), load_default=None, allow_none=True)
    note = Text(most=200, load_default="")


class ProfileChangeSchema(Schema):
    """What a creator may write; what is left out stays."""

    kind = Choice([each.value for each in ProviderKind])
    categories = fields.List(Choice(list(CATEGORIES)), validate=ma.validate.Length(max=4))
    tags = Lines(
        most=MOST_TAGS,
        most_chars=40,
        metadata={"description": "free words, finer than the categories; matching and the square read them"},
    )
    platform_level = Whole(most=MAX_LEVEL)
    fans = Whole(most=2_000_000_000)
    audience = fields.Nested(AudienceSchema)
    price_article_fen = Fen(allow_none=True)
    price_video_fen = Fen(
        allow_none=True,
        metadata={
            "description": "one price for videos of every length; a length that is named beside it has its own"
        },
    )
    price_video_short_fen = Fen(allow_none=True, metadata=_length_doc("1–20 s"))
    price_video_medium_fen = Fen(allow_none=True, metadata=_length_doc("21–60 s"))
    price_video_long_fen = Fen(allow_none=True, metadata=_length_doc("above 60 s"))
    price_live_hour_fen = Fen(allow_none=True, metadata=HOUR_DOC)
    price_live_fen = Fen(
        allow_none=True,
        metadata={
            "description": f"for a show, as it was stated before; taken for one of {SHOW_HOURS} hours. An hour's price that"
            " is named beside it goes before",
            "deprecated": True,
        },
    )
    slots_per_week = Whole(most=50, metadata={"description": "pieces the creator can take on in a week"})
    city = Text(most=40)
    city_tier = Choice(["", *CITY_TIERS])
    bio = Text(most=1000)
    works = Rows(WorkSchema, most=12)

    @ma.post_load
    def older_words(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Who names one price for videos means it for every length of which nothing else is said; who names that of a
        show, its hours."""
        if "price_video_fen" in data:
            fen = data.pop("price_video_fen")
            data = dict.fromkeys(VIDEO_PRICES.values(), fen) | data
        if "price_live_fen" in data:
            fen = data.pop("price_live_fen")
            data = {"price_live_hour_fen": None if fen is None else -(-fen // SHOW_HOURS)} | data
        return data


class ProfileFormSchema(ProfileChangeSchema):
    """The page's twin: every field is on the form, and an empty one means none."""

    class Meta:
        exclude = ("price_video_fen", "price_live_fen")

    kind = Choice([each.value for each in ProviderKind], required=True)
    categories = fields.List(
        Choice(list(CATEGORIES)),
        required=True,
        validate=ma.validate.Length(min=1, max=4, error=_("请选 1 到 4 个类目。")),
    )
    tags = TypedLines(most=MOST_TAGS, most_chars=40, load_default=list)
    platform_level = Whole(most=MAX_LEVEL, load_default=0)
    fans = Whole(most=2_000_000_000, load_default=0)
    audience = fields.Nested(AudienceSchema, load_default=dict)
    price_article_fen = Yuan(load_default=None)
    price_video_short_fen = Yuan(load_default=None)
    price_video_medium_fen = Yuan(load_default=None)
    price_video_long_fen = Yuan(load_default=None)
    price_live_hour_fen = Yuan(load_default=None)
    slots_per_week = Whole(most=50, load_default=0)
    city = Text(most=40, load_default="")
    city_tier = Choice(["", *CITY_TIERS], load_default="")
    bio = Text(most=1000, load_default="")
    works = TypedRows(WorkSchema, most=12, load_default=list)


class CreatorSchema(Schema):
    """A provider as others see them."""

    id = PublicId("pty", attribute="party_id", required=True)
    name = fields.String(attribute="party.name", required=True)
    handle = fields.String(attribute="party.handle", required=True)
    city = fields.String(attribute="party.city", required=True)
    bio = fields.String(attribute="party.bio", required=True)
    verification = fields.String(attribute="party.verification", required=True)
    kind = fields.Enum(ProviderKind, by_value=True, required=True)
    categories = fields.List(fields.String(), required=True)
    tags = fields.List(fields.String(), required=True)
    platform_level = fields.Integer(required=True)
    fans = fields.Integer(required=True)
    audience = fields.Nested(AudienceSchema, required=True)
    price_article_fen = fields.Integer(required=True, allow_none=True)
    price_video_fen = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "the lowest of the three lengths; null: no videos"},
    )
    price_video_short_fen = fields.Integer(required=True, allow_none=True, metadata=_length_doc("1–20 s"))
    price_video_medium_fen = fields.Integer(required=True, allow_none=True, metadata=_length_doc("21–60 s"))
    price_video_long_fen = fields.Integer(required=True, allow_none=True, metadata=_length_doc("above 60 s"))
    price_live_hour_fen = fields.Integer(required=True, allow_none=True, metadata=HOUR_DOC)
    slots_per_week = fields.Integer(
        required=True,
        attribute="slots",
        metadata={"description": "where nothing else is stated: GET /creators/{id}/calendar"},
    )
    city_tier = fields.String(required=True)
    works = fields.List(fields.Nested(WorkSchema), required=True)
    reply_bps = fields.Integer(
        required=True, allow_none=True, metadata={"description": "invitations answered in time, basis points"}
    )
    reply_median_s = fields.Integer(
        required=True, allow_none=True, metadata={"description": "median time to an answer, seconds"}
    )


def form_values(mine: Profile | None) -> dict[str, Any]:
    """The first view of the profile form: dotted names, money in yuan."""
    if mine is None:
        return {"slots_per_week": USUAL_SLOTS}
    dumped: dict[str, Any] = dict(ProfileFormSchema().dump(mine))
    dumped |= {"city": mine.party.city, "bio": mine.party.bio, "kind": mine.kind.value}
    dumped["slots_per_week"] = mine.slots
    for part, shares in (mine.audience or {}).items():
        dumped |= {f"audience.{part}.{key}": share for key, share in shares.items()}
    for at, work in enumerate(mine.works or []):
        dumped |= {f"works.{at}.{name}": value for name, value in work.items()}
    return dumped

"""The edit list, in and out; every refusal points at its field."""

from typing import Any

from marshmallow import ValidationError, fields, validates, validates_schema

from market.kit.schemas import Choice, Instant, PublicId, Rows, Schema, Text, Whole
from market.kit.words import _
from market.media import letters
from market.media.stickers import STICKERS
from market.media.tracks import TRACKS

VERSION = 1
MOST_CLIPS, MOST_TEXTS, MOST_CAPTIONS = 20, 20, 200
SHORTEST_CLIP_MS = 200
LONGEST_MS = 3_600_000
SUBTITLES = 256 * 1024
"""Characters of a file of captions."""


def moment(**kwargs: Any) -> Whole:
    return Whole(least=0, most=LONGEST_MS, **kwargs)


def place(words: str, **kwargs: Any) -> Whole:
    return Whole(least=0, most=10_000, metadata={"description": words}, **kwargs)


def check_signs(text: str) -> None:
    """Raises ValidationError for what would be burnt in as an empty box."""
    if lacking := letters.missing(text):
        raise ValidationError(_("视频字体里没有这些字符：%(signs)s", signs=" ".join(lacking)))


class ClipSchema(Schema):
    """A part of one's own film, from `in_ms` to `out_ms` of it."""

    asset_id = PublicId("ast", required=True)
    in_ms = moment(required=True)
    out_ms = moment(required=True)
    focus_x = place(
        "where the square lies, 0..10000 from left to right; null as chosen at the upload",
        load_default=None,
        allow_none=True,
    )
    focus_y = place("the same from top to bottom", load_default=None, allow_none=True)

    @validates_schema
    def check_order(self, clip: dict[str, Any], **_kwargs: Any) -> None:
        if clip["out_ms"] - clip["in_ms"] < SHORTEST_CLIP_MS:
            raise ValidationError(
                _("终点要比起点至少晚 %(s)s 秒。", s=f"{SHORTEST_CLIP_MS / 1000:g}"), "out_ms"
            )


class _SpanSchema(Schema):
    start_ms = moment(required=True, metadata={"description": "in the finished film"})
    end_ms = moment(required=True)

    @validates_schema
    def check_span(self, span: dict[str, Any], **_kwargs: Any) -> None:
        if span["end_ms"] <= span["start_ms"]:
            raise ValidationError(_("结束要晚于开始。"), "end_ms")


class TextSchema(_SpanSchema):
    """Words on the picture; lines break only where they are typed."""

    text = Text(least=1, most=80, required=True)
    x = place("the middle of the words, 0..10000 from left to right", load_default=5000)
    y = place("the same from top to bottom", load_default=5000)
    size = Choice(list(letters.SIZES), load_default="medium")

    @validates("text")
    def check_text(self, text: str, **_kwargs: Any) -> None:
        check_signs(text)

    @validates_schema
    def check_width(self, words: dict[str, Any], **_kwargs: Any) -> None:
        if letters.width(words["text"], words["size"]) > letters.WIDEST:
            raise ValidationError(_("这一行太宽，画面放不下。请换行，或选小一号的字。"), "text")


class StickerSchema(_SpanSchema):
    """One of the pictures of GET /stickers, below the words."""

    sticker = Choice(list(STICKERS), required=True)
    x = place("its middle, 0..10000 from left to right", load_default=5000)
    y = place("the same from top to bottom", load_default=5000)
    width = Whole(least=5, most=100, load_default=25, metadata={"description": "per cent of the side"})
    turn = Whole(least=-180, most=180, load_default=0, metadata={"description": "degrees, clockwise"})


class CaptionSchema(_SpanSchema):
    """What is said, from one moment to another."""

    text = Text(least=1, most=200, required=True)

    @validates("text")
    def check_text(self, text: str, **_kwargs: Any) -> None:
        check_signs(text)


class MusicSchema(Schema):
    """One of the tracks of GET /music, repeated as long as the film."""

    track = Choice(list(TRACKS), required=True)
    level = Whole(least=0, most=100, load_default=60, metadata={"description": "per cent"})
    duck = fields.Boolean(load_default=True, metadata={"description": "quieter while the clips are heard"})


class EditListSchema(Schema):
    """How a film is made. Places are ten-thousandths of the square, times milliseconds."""

    version = Whole(least=VERSION, most=VERSION, load_default=VERSION)
    clips = Rows(ClipSchema, most=MOST_CLIPS, load_default=list)
    texts = Rows(TextSchema, most=MOST_TEXTS, load_default=list)
    stickers = Rows(StickerSchema, most=MOST_TEXTS, load_default=list)
    cover_ms = moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "the moment of the film that is its poster; null for one third of it"},
    )
    sound_level = Whole(
        least=0, most=100, load_default=100, metadata={"description": "of the clips, per cent"}
    )
    music = fields.Nested(MusicSchema, load_default=None, allow_none=True)
    captions = Rows(CaptionSchema, most=MOST_CAPTIONS, load_default=list)
    burn_captions = fields.Boolean(
        load_default=False,
        metadata={
            "description": "make the captions part of the picture; they are a track of their own anyway"
        },
    )


class EditInSchema(Schema):
    title = Text(least=1, most=60, required=True)
    edit_list = fields.Nested(EditListSchema, load_default=lambda: EditListSchema().load({}))


class EditChangeSchema(Schema):
    """The edit list is replaced whole."""

    title = Text(least=1, most=60)
    edit_list = fields.Nested(EditListSchema)


class StoredList(fields.Nested):
    """An edit list that is kept as it goes out."""

    # Nested names the first argument otherwise than Field, so no name suits both.
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return value


class EditDraftSchema(Schema):
    id = PublicId("edt", required=True)
    title = fields.String(required=True)
    edit_list = StoredList(EditListSchema, required=True)
    duration_ms = fields.Integer(required=True)
    film_id = PublicId("ast", required=True, allow_none=True, metadata={"description": "the film last made"})
    created_at = Instant(required=True)
    updated_at = Instant(required=True)


class SubtitlesSchema(Schema):
    """A file of captions as text: WebVTT or SubRip."""

    text = fields.String(required=True, metadata={"maxLength": SUBTITLES})

    @validates("text")
    def check_size(self, text: str, **_kwargs: Any) -> None:
        if len(text) > SUBTITLES:
            raise ValidationError(_("字幕文件太大，上限是 %(limit)s KB。", limit=SUBTITLES // 1024))


class ReadCaptionSchema(Schema):
    start_ms = fields.Integer(required=True)
    end_ms = fields.Integer(required=True)
    text = fields.String(required=True)


class ReadCaptionsSchema(Schema):
    captions = fields.List(fields.Nested(ReadCaptionSchema), required=True)


class TrackSchema(Schema):
    track = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    licence = fields.String(required=True)


class TracksSchema(Schema):
    data = fields.List(fields.Nested(TrackSchema), required=True)


class StickerToldSchema(Schema):
    sticker = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    licence = fields.String(required=True)


class StickersSchema(Schema):
    data = fields.List(fields.Nested(StickerToldSchema), required=True)

"""What comes in and goes out about seasons and venues."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validates

from market.accounts.vocabulary import CATEGORIES
from market.campaigns.models import MOST_SHOWN, ModuleKind, VenueState
from market.kit.schemas import Choice, Instant, LocalInstant, PageQuery, PublicId, Schema, Text, Whole
from market.kit.words import _


class PhaseSchema(Schema):
    kind = fields.String(required=True, metadata={"enum": ["warm-up", "pre-sale", "peak", "return"]})
    name = fields.String(required=True)
    starts_at = fields.AwareDateTime(format="iso", required=True)
    ends_at = fields.AwareDateTime(format="iso", required=True)


class SeasonSchema(Schema):
    """A season and its phases."""

    code = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    phases = fields.List(fields.Nested(PhaseSchema), required=True)


class SeasonsSchema(Schema):
    data = fields.List(fields.Nested(SeasonSchema), required=True)


class _VenueWords(Schema):
    title = Text(least=2, most=40, required=True)
    subtitle = Text(most=80, load_default="")


class VenueInSchema(_VenueWords):
    season = Text(least=1, most=40, required=True, metadata={"description": "a season's code"})
    slug = Text(least=3, most=40, required=True, metadata={"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"})
    opens_at = Instant(load_default=None, allow_none=True)
    closes_at = Instant(load_default=None, allow_none=True)

    @validates("slug")
    def check_slug(self, slug: str, **_kwargs: Any) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
            raise ValidationError(_("只能用小写字母、数字和中间的短横线，例如 double11-home。"))


class VenueFormSchema(VenueInSchema):
    """The same as a person fills it in, in local time."""

    opens_at = LocalInstant(load_default=None)
    closes_at = LocalInstant(load_default=None)


class VenueChangeSchema(Schema):
    title = Text(least=2, most=40)
    subtitle = Text(most=80)
    opens_at = Instant(allow_none=True)
    closes_at = Instant(allow_none=True)


class VenueChangeFormSchema(Schema):
    """The composer's form. It stands beside the form of a new module, which has a title too."""

    title = Text(least=2, most=40, required=True, data_key="venue_title")
    subtitle = Text(most=80, load_default="")
    opens_at = LocalInstant(load_default=None)
    closes_at = LocalInstant(load_default=None)


class ModuleInSchema(Schema):
    """A part of a venue. `theme` are words of which a work must hold one; none means everything fits."""

    kind = fields.Enum(ModuleKind, by_value=True, required=True)
    title = Text(least=1, most=30, required=True)
    theme = Text(most=100, load_default="")
    category = Choice(list(CATEGORIES), load_default=None, allow_none=True)
    size = Whole(least=1, most=MOST_SHOWN, load_default=8)
    until = Instant(load_default=None, allow_none=True)


class ModuleFormSchema(ModuleInSchema):
    until = LocalInstant(load_default=None)


class ModuleChangeSchema(Schema):
    title = Text(least=1, most=30)
    theme = Text(most=100)
    category = Choice(list(CATEGORIES), allow_none=True)
    size = Whole(least=1, most=MOST_SHOWN)
    until = Instant(allow_none=True)


class ModuleChangeFormSchema(ModuleFormSchema):
    """The composer's small form: everything but the kind."""

    class Meta:
        exclude = ("kind",)


class ModuleSchema(Schema):
    id = PublicId("mod", required=True)
    kind = fields.Enum(ModuleKind, by_value=True, required=True)
    title = fields.String(required=True)
    theme = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    size = fields.Integer(required=True)
    position = fields.Integer(required=True)
    until = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    offer_id = PublicId(
        "vof", required=True, allow_none=True, metadata={"description": "of a merchant's module"}
    )


class VenueSchema(Schema):
    """A venue as a row."""

    id = PublicId("ven", required=True)
    season = fields.String(attribute="season.code", required=True)
    slug = fields.String(required=True)
    title = fields.String(required=True)
    subtitle = fields.String(required=True)
    state = fields.Enum(VenueState, by_value=True, required=True)
    opens_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    closes_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)
    published_at = fields.AwareDateTime(format="iso", required=True, allow_none=True)


class SectionSchema(Schema):
    """A module of the public page, and the works it shows by their public ids, in order."""

    kind = fields.String(required=True)
    title = fields.String(required=True)
    until = fields.String(required=True, allow_none=True)
    entries = fields.List(fields.String(), required=True)


class PublicVenueSchema(VenueSchema):
    """A venue with what it shows."""

    sections = fields.List(fields.Nested(SectionSchema), required=True)


class VenueDraftSchema(VenueSchema):
    """A venue with the draft's modules."""

    modules = fields.List(fields.Nested(ModuleSchema), required=True)


class OrderInSchema(Schema):
    module_ids = fields.List(PublicId("mod"), required=True)


class EntryInSchema(Schema):
    """`pinned` puts a work first; `left_out` keeps it out also when the module is filled again."""

    pinned = fields.Boolean()
    left_out = fields.Boolean()


class VenueQuery(PageQuery):
    season = Text(most=40, load_default="")

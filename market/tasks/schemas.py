"""What comes in and goes out about briefs. A draft may lack anything but its category and format."""

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields

from market.accounts.vocabulary import (
    AGES,
    CATEGORIES,
    CITY_TIERS,
    GENDERS,
    HALF,
    LIVE_MINUTES,
    Format,
    Length,
)
from market.kit.clock import now
from market.kit.figures import figures
from market.kit.schemas import (
    Choice,
    FacetSchema,
    Fen,
    Instant,
    Lines,
    LocalInstant,
    PageQuery,
    PublicId,
    Schema,
    Text,
    TypedLines,
    Whole,
    Yuan,
)
from market.kit.words import _
from market.tasks.models import CHANNELS, Task, TaskState
from market.tasks.queries import BUDGETS
from market.tasks.registry import campaigns

FORMATS = [each.value for each in Format]
LENGTHS = [each.value for each in Length]
LISTS = {"key_messages": 8, "deliverables": 12, "shots": 16, "dos": 10, "donts": 10, "tags": 20}
BUDGET_TEXT = "a band in fen, `from-to`, to not included"
SORTS = ["new", "budget", "closing"]


def _future(moment: Any) -> None:
    if moment is not None and moment <= now():
        raise ValidationError(_("这个时间已经过去，请选择将来的时间。"))


def _campaign_codes() -> list[str]:
    return list(campaigns())


class LiveMinutes(Whole):
    """How long a live show shall be: half an hour to twelve, in half hours."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=LIVE_MINUTES[0], most=LIVE_MINUTES[-1], **kwargs)
        self.metadata = {"multipleOf": HALF, **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        minutes = super()._deserialize(value, attr, data, **kwargs)
        if minutes not in LIVE_MINUTES:
            raise ValidationError(_("请填半小时的整数倍，比如 90 分钟。"))
        return minutes


class TargetSchema(Schema):
    """Whom the work should reach: the wanted keys of each part; an empty part means anybody."""

    gender = fields.List(Choice(list(GENDERS)))
    age = fields.List(Choice(list(AGES)))
    city = fields.List(Choice(list(CITY_TIERS)))


class TaskChangeSchema(Schema):
    """What a merchant may write into a draft; what is left out stays."""

    title = Text(most=80)
    category = Choice(list(CATEGORIES))
    format = Choice(FORMATS)
    length = Choice(
        LENGTHS,
        allow_none=True,
        metadata={
            "description": "of a video: short 1–20 s, medium 21–60 s, long above 60 s; null: no particular length."
            " Creators are found by what they ask for it. Other formats have none"
        },
    )
    live_minutes = LiveMinutes(
        allow_none=True,
        metadata={
            "description": "of a live show: whole half hours, 30 to 720; null: not said. Creators are found by these hours"
            " at their price an hour, without them by the price of one hour. Other formats have none"
        },
    )
    goal = Text(most=2000, metadata={"description": "what the work shall achieve, and for whom"})
    tags = Lines(
        most=LISTS["tags"],
        metadata={"description": "free words, finer than the category; matching reads them"},
    )
    key_messages = Lines(most=LISTS["key_messages"])
    deliverables = Lines(most=LISTS["deliverables"])
    shots = Lines(most=LISTS["shots"], metadata={"description": "the shot list"})
    dos = Lines(most=LISTS["dos"])
    donts = Lines(most=LISTS["donts"])
    product_ids = fields.List(PublicId("prd"), validate=ma.validate.Length(max=12))
    audience = fields.Nested(TargetSchema)
    budget_fen = Fen(
        least=figures.min_price_fen, allow_none=True, metadata={"description": "the most a bid may ask"}
    )
    deadline = Instant(
        allow_none=True, validate=_future, metadata={"description": "when the work must be published"}
    )
    bids_close_at = Instant(
        allow_none=True,
        validate=_future,
        metadata={"description": "after this no bids; default: 7 days from opening"},
    )
    sealed = fields.Boolean(
        metadata={"description": "bids stay shut for the merchant too until bids_close_at"}
    )
    revisions = Whole(most=9, metadata={"description": "rounds of changes in the price"})
    rights_months = Whole(most=60, metadata={"description": "how long the merchant may use the work"})
    rights_channels = fields.List(Choice(list(CHANNELS)))
    campaign_code = Choice(
        _campaign_codes, allow_none=True, metadata={"description": "a season's code, or null"}
    )


class TaskNewSchema(TaskChangeSchema):
    """A new draft. With `from_template` the category's template fills what is not given."""

    category = Choice(list(CATEGORIES), required=True)
    format = Choice(FORMATS, required=True)
    from_template = fields.Boolean(load_default=False)


class TaskFormSchema(Schema):
    """The page's twin: every field is on the form, and an empty one means none. (`do` is the button.)"""

    class Meta:
        unknown = ma.EXCLUDE

    title = Text(most=80, load_default="")
    category = Choice(list(CATEGORIES), required=True)
    format = Choice(FORMATS, required=True)
    length = Choice(LENGTHS, load_default=None)
    live_minutes = LiveMinutes(load_default=None)
    goal = Text(most=2000, load_default="")
    tags = TypedLines(most=LISTS["tags"], load_default=list)
    key_messages = TypedLines(most=LISTS["key_messages"], load_default=list)
    deliverables = TypedLines(most=LISTS["deliverables"], load_default=list)
    shots = TypedLines(most=LISTS["shots"], load_default=list)
    dos = TypedLines(most=LISTS["dos"], load_default=list)
    donts = TypedLines(most=LISTS["donts"], load_default=list)
    product_ids = fields.List(PublicId("prd"), load_default=list, validate=ma.validate.Length(max=12))
    audience_gender = fields.List(Choice(list(GENDERS)), load_default=list)
    audience_age = fields.List(Choice(list(AGES)), load_default=list)
    audience_city = fields.List(Choice(list(CITY_TIERS)), load_default=list)
    budget_fen = Yuan(least=figures.min_price_fen, load_default=None)
    deadline = LocalInstant(load_default=None, validate=_future)
    bids_close_at = LocalInstant(load_default=None, validate=_future)
    sealed = fields.Boolean(load_default=False)
    revisions = Whole(most=9, load_default=figures.revisions)
    rights_months = Whole(most=60, load_default=0)
    rights_channels = fields.List(Choice(list(CHANNELS)), load_default=list)
    campaign_code = Choice(_campaign_codes, load_default=None)


class ChooseFormSchema(Schema):
    """The first step: what is made, for which goods."""

    category = Choice(list(CATEGORIES), required=True)
    format = Choice(FORMATS, required=True)
    blank = fields.Boolean(load_default=False)


AUDIENCE_FIELDS = ("audience_gender", "audience_age", "audience_city")


def brief_of(data: dict[str, Any]) -> dict[str, Any]:
    """The form's fields as the service wants them."""
    brief = {name: value for name, value in data.items() if name not in AUDIENCE_FIELDS}
    target = {name.removeprefix("audience_"): data[name] for name in AUDIENCE_FIELDS if data.get(name)}
    if any(name in data for name in AUDIENCE_FIELDS):
        brief["audience"] = target
    return brief


def form_values(task: Task) -> dict[str, Any]:
    """The first view of the edit form."""
    dumped: dict[str, Any] = dict(TaskFormSchema().dump(task)) | {
        "format": task.format.value,
        "length": task.length.value if task.length else "",
    }
    return dumped | {f"audience_{part}": keys for part, keys in (task.audience or {}).items()}


class MerchantSchema(Schema):
    id = PublicId("pty", required=True)
    name = fields.String(required=True)


class TaskSchema(Schema):
    """A brief."""

    id = PublicId("tsk", required=True)
    merchant = fields.Nested(MerchantSchema, required=True)
    state = fields.Enum(TaskState, by_value=True, required=True)
    title = fields.String(required=True)
    category = fields.String(required=True)
    format = fields.Enum(Format, by_value=True, required=True)
    length = fields.Enum(Length, by_value=True, required=True, allow_none=True)
    live_minutes = fields.Integer(
        required=True, allow_none=True, metadata={"description": "of a live show; null: not said"}
    )
    goal = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)
    key_messages = fields.List(fields.String(), required=True)
    deliverables = fields.List(fields.String(), required=True)
    shots = fields.List(fields.String(), required=True)
    dos = fields.List(fields.String(), required=True)
    donts = fields.List(fields.String(), required=True)
    product_ids = fields.List(PublicId("prd"), required=True)
    audience = fields.Nested(TargetSchema, required=True)
    budget_fen = fields.Integer(required=True, allow_none=True)
    deadline = Instant(required=True, allow_none=True)
    bids_close_at = Instant(required=True, allow_none=True)
    sealed = fields.Boolean(required=True)
    revisions = fields.Integer(required=True)
    rights_months = fields.Integer(required=True)
    rights_channels = fields.List(fields.String(), required=True)
    campaign_code = fields.String(required=True, allow_none=True)
    bids = fields.Integer(required=True, metadata={"description": "how many live bids there are"})
    created_at = Instant(required=True)
    opened_at = Instant(required=True, allow_none=True)


class HallQuery(Schema):
    """What a brief of the hall has to be."""

    category = Choice(list(CATEGORIES), load_default=None)
    format = Choice(FORMATS, load_default=None)
    length = Choice(LENGTHS, load_default=None, metadata={"description": "of the wanted video"})
    campaign_code = Text(most=40, load_default=None)
    budget = Choice(BUDGETS, load_default=None, metadata={"description": BUDGET_TEXT})
    budget_min_fen = Fen(load_default=None)
    q = Text(most=80, load_default=None)


class TaskQuery(HallQuery, PageQuery):
    """The hall's filters; with `mine` (merchants) one's own briefs of any state instead."""

    mine = fields.Boolean(load_default=False)
    state = Choice(
        [each.value for each in TaskState], load_default=None, metadata={"description": "only with mine"}
    )
    sort = Choice(SORTS, load_default="new")


class HallFacetsSchema(Schema):
    """How many briefs that take bids stand behind each choice; most first."""

    facets = fields.List(fields.Nested(FacetSchema), required=True)


class HallForm(PageQuery):
    """The hall's filter bar: money in yuan; what is not ours in the address is ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    category = Choice(list(CATEGORIES), load_default=None)
    format = Choice(FORMATS, load_default=None)
    length = Choice(LENGTHS, load_default=None)
    campaign_code = Choice(_campaign_codes, load_default=None)
    budget = Choice(BUDGETS, load_default=None)
    budget_min_fen = Yuan(load_default=None)
    q = Text(most=80, load_default=None)
    sort = Choice(SORTS, load_default="new")


class TemplateSchema(Schema):
    """What a brief of this category usually asks for."""

    category = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    goal = fields.String(required=True)
    key_messages = fields.List(fields.String(), required=True)
    dos = fields.List(fields.String(), required=True)
    donts = fields.List(fields.String(), required=True)
    audience = fields.Nested(TargetSchema, required=True)
    channels = fields.List(fields.String(), required=True)
    length = fields.Enum(
        Length, by_value=True, required=True, metadata={"description": "of the video its texts speak of"}
    )
    live_minutes = fields.Integer(
        required=True, metadata={"description": "of the live show its texts speak of"}
    )
    deliverables = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    shots = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)

"""The words every floor shares about what people deal in: goods, formats, audiences. Codes inside, names for readers."""

from enum import StrEnum
from typing import Any, NamedTuple

from market.kit.words import N_, _, say


class Format(StrEnum):
    """What is made: an article for the feed, a short video, a live show."""

    ARTICLE = "article"
    VIDEO = "video"
    LIVE = "live"


class Length(StrEnum):
    """How long a video is: the bands that prices are published by, and what a brief may want."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


HOUR, HALF = 60, 30
"""Minutes."""
LIVE_MINUTES = range(HALF, 12 * HOUR + 1, HALF)
"""How long a live show may be wanted: half an hour to twelve, in halves."""


class Piece(NamedTuple):
    """What a price is the price of. `length` is a video's, `minutes` a live show's; None: nothing in particular."""

    format: Format
    length: Length | None = None
    minutes: int | None = None

    @property
    def is_hour(self) -> bool:
        """Live for as long as nobody has said: all that can be named is the price of one hour."""
        return self.format is Format.LIVE and self.minutes is None

    @property
    def code(self) -> str:
        """`video.medium`, `live.90`: the same of two pieces that cost the same."""
        return ".".join(str(part) for part in self if part)

    def ceiling(self, fen: int) -> int:
        """How high a listed price (of live: that of an hour) may be, for the whole to cost `fen` at most."""
        return fen * HOUR // self.minutes if self.minutes else fen


def whole(listed_fen: Any, minutes: Any) -> Any:
    """What so many minutes cost at this price an hour, a broken fen rounded up; without minutes the listed price as it is.
    Takes numbers or columns of whole numbers."""
    return (listed_fen * minutes + HOUR - 1) // HOUR if minutes is not None else listed_fen


FORMATS = {Format.ARTICLE: N_("图文"), Format.VIDEO: N_("短视频"), Format.LIVE: N_("直播")}

LENGTHS = {
    Length.SHORT: N_("1–20 秒"),
    Length.MEDIUM: N_("21–60 秒"),
    Length.LONG: N_("60 秒以上"),
}

CATEGORIES = {
    "beauty": N_("美妆个护"),
    "fashion": N_("服饰鞋包"),
    "food": N_("食品生鲜"),
    "home": N_("家居家纺"),
    "digital": N_("数码家电"),
    "outdoor": N_("户外渔具"),
    "baby": N_("母婴玩具"),
    "pets": N_("宠物生活"),
}
"""Goods categories: of products, briefs and creators alike."""

PRICE_STEPS_FEN = (50_000, 100_000, 300_000, 1_000_000, 3_000_000)
"""Where prices of creators and budgets of briefs part into the spans one chooses by."""

GENDERS = {"female": N_("女性"), "male": N_("男性")}
AGES = {
    "u18": N_("18 岁以下"),
    "18-24": N_("18–24 岁"),
    "25-34": N_("25–34 岁"),
    "35-44": N_("35–44 岁"),
    "45+": N_("45 岁以上"),
}
CITY_TIERS = {
    "tier1": N_("一线城市"),
    "new1": N_("新一线城市"),
    "tier2": N_("二线城市"),
    "tier3": N_("三线及以下"),
}

AUDIENCE = {"gender": GENDERS, "age": AGES, "city": CITY_TIERS}
"""A creator's audience gives each key a share in whole percent; a brief's target lists the keys it wants."""

AUDIENCE_NAMES = {"gender": N_("性别"), "age": N_("年龄"), "city": N_("城市")}


def category_name(code: str | None) -> str:
    return say(CATEGORIES.get(code or "", code or "—"))


def format_name(code: str | None) -> str:
    return say(FORMATS[Format(code)]) if code in list(Format) else (code or "—")


def length_name(code: str | None) -> str:
    return say(LENGTHS[Length(code)]) if code in list(Length) else ""


def hours_name(minutes: int) -> str:
    """90 → 1.5 小时."""
    hours, half = divmod(minutes, HOUR)
    return _("%(hours)s 小时", hours=f"{hours}.5" if half else hours)


def size_name(piece: Piece) -> str:
    """How long the piece shall be; "" when nothing is said of it."""
    return hours_name(piece.minutes) if piece.minutes else length_name(piece.length)


def piece_name(piece: Piece) -> str:
    """A format with the length, where one is meant: 短视频（21–60 秒）, 直播（2 小时）."""
    named = size_name(piece)
    return (
        _("%(format)s（%(length)s）", format=format_name(piece.format), length=named)
        if named
        else format_name(piece.format)
    )


def audience_name(part: str, key: str) -> str:
    return say(AUDIENCE[part].get(key, key))


def options(names: "dict[str, str] | dict[Format, str] | dict[Length, str]") -> list[tuple[str, str]]:
    """(code, name) in the reader's language, as the form macros want them."""
    return [(str(code), say(name)) for code, name in names.items()]

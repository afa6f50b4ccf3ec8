"""The facets of a creator: what one can choose by, as `group:value` codes that the index keeps in one array."""

from collections.abc import Iterable, Mapping, Sequence

from market.accounts.vocabulary import AUDIENCE, CATEGORIES, FORMATS, LENGTHS, PRICE_STEPS_FEN, Format, Length
from market.creators.models import KINDS, MAX_LEVEL, Profile
from market.kit.look import count
from market.kit.pages import whole_yuan
from market.kit.spans import span_name, span_of, spans
from market.kit.words import N_, _, say

FANS_STEPS = (10_000, 50_000, 100_000, 500_000, 1_000_000)
MOSTLY = {"gender": 60, "age": 30, "city": 30}
"""From this share in percent on an audience is said to be mostly of that kind."""

GROUPS = {
    "category": N_("类目"),
    "tag": N_("细分"),
    "format": N_("形式"),
    "length": N_("视频时长"),
    "price": N_("报价"),
    "fans": N_("粉丝"),
    "level": N_("平台等级"),
    "room": N_("档期"),
    "kind": N_("类型"),
    "city": N_("所在城市"),
    "gender": N_("粉丝性别"),
    "age": N_("粉丝年龄"),
    "tier": N_("粉丝城市"),
}
"""In the order they are shown. The values of one group are alternatives, the groups must all hold."""

AUDIENCE_GROUPS = {"gender": "gender", "age": "age", "tier": "city"}
"""Our group names → the parts of accounts.vocabulary.AUDIENCE; a creator's own city is another thing."""

MOST_SHOWN = {"tag": 12, "city": 12}

FREE, MONTH = "free", "month"
"""Room in this week; in this or one of the next three."""


FIXED: Mapping[str, list[str]] = {
    "category": list(CATEGORIES),
    "format": [each.value for each in Format],
    "length": [each.value for each in Length],
    "price": spans(PRICE_STEPS_FEN),
    "fans": spans(FANS_STEPS),
    "level": [str(level) for level in range(MAX_LEVEL, -1, -1)],
    "room": [FREE, MONTH],
    "kind": [kind.value for kind in KINDS],
    **{group: list(AUDIENCE[part]) for group, part in AUDIENCE_GROUPS.items()},
}
"""The groups whose values are known beforehand, in the order they are shown."""


def of(mine: Profile, *, tags: Iterable[str], room: int, month: int) -> list[str]:
    """Everything a creator is counted under. A price stands under its format, too, and that of a video under its length
    (`price.video:…` the lowest, `price.video.long:…`)."""
    found = {f"category:{code}" for code in mine.categories}
    found |= {f"tag:{tag}" for tag in tags}
    for format, fen in mine.prices.items():
        found |= {f"format:{format.value}", f"price.{format.value}:{span_of(fen, PRICE_STEPS_FEN)}"}
    for length, fen in mine.video_prices.items():
        found |= {f"length:{length.value}", f"price.{of_length(length)}:{span_of(fen, PRICE_STEPS_FEN)}"}
    if mine.from_fen is not None:
        found.add(f"price:{span_of(mine.from_fen, PRICE_STEPS_FEN)}")
    found |= {
        f"fans:{span_of(mine.fans, FANS_STEPS)}",
        f"level:{mine.platform_level}",
        f"kind:{mine.kind.value}",
    }
    if mine.party.city:
        found.add(f"city:{mine.party.city}")
    if room > 0:
        found.add(f"room:{FREE}")
    if month > 0:
        found.add(f"room:{MONTH}")
    for group, part in AUDIENCE_GROUPS.items():
        shares = (mine.audience or {}).get(part) or {}
        found |= {f"{group}:{key}" for key, share in shares.items() if (share or 0) >= MOSTLY[part]}
    return sorted(found)


def of_length(length: str) -> str:
    return f"{Format.VIDEO.value}.{length}"


def pieces(chosen: Mapping[str, Sequence[str]]) -> list[str]:
    """What a price is the price of: the chosen formats, and instead of videos those of the chosen lengths. Empty: anything."""
    lengths = [of_length(length) for length in chosen.get("length", ())]
    formats = [each for each in chosen.get("format", ()) if not lengths or each != Format.VIDEO.value]
    return [*formats, *lengths]


def piece(pieces: Sequence[str]) -> tuple[Format | None, Length | None]:
    """The one format, and length, that a price means; None where it means several."""
    if len(pieces) != 1:
        return None, None
    format, _dot, length = pieces[0].partition(".")
    return Format(format), Length(length) if length else None


def codes(group: str, values: Iterable[str], pieces: Sequence[str] = ()) -> list[str]:
    """What the index knows chosen values by."""
    return [f"{space(group, pieces)}:{value}" for value in values]


def space(group: str, pieces: Sequence[str]) -> str:
    """Where the codes of a group begin: with one format or length chosen a price means that one's."""
    return f"price.{pieces[0]}" if group == "price" and len(pieces) == 1 else group


def name(group: str, value: str) -> str:
    """A value in the reader's language."""
    if group == "category":
        return say(CATEGORIES.get(value, value))
    if group == "format":
        return say(FORMATS[Format(value)]) if value in list(Format) else value
    if group == "length":
        return say(LENGTHS[Length(value)]) if value in list(Length) else value
    if group == "kind":
        return next((say(text) for kind, text in KINDS.items() if kind.value == value), value)
    if group == "level":
        return f"Lv.{value}"
    if group == "room":
        return _("本周有空") if value == FREE else _("四周内有空")
    if group == "price":
        return span_name(value, whole_yuan)
    if group == "fans":
        return span_name(value, count)
    if group in AUDIENCE_GROUPS:
        return say(AUDIENCE[AUDIENCE_GROUPS[group]].get(value, value))
    return value

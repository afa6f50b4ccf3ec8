"""A price list in the reader's language."""

from market.accounts.vocabulary import FORMATS, LENGTHS, Format, Length
from market.creators.queries import Offering
from market.kit.pages import format_fen
from market.kit.words import _, say


def listed(mine: Offering, format: Format, length: Length | None = None) -> str:
    """What is asked for such a piece, and for what length; "" when it is not offered."""
    fen = mine.price(format, length)
    if fen is None:
        return ""
    if format is not Format.VIDEO:
        return format_fen(fen)
    if length:
        return _("%(fen)s（%(length)s）", fen=format_fen(fen), length=say(LENGTHS[length]))
    return (
        _("%(fen)s 起", fen=format_fen(fen)) if len(set(mine.video_prices.values())) > 1 else format_fen(fen)
    )


def price_list(mine: Offering) -> list[tuple[str, str]]:
    """All that is offered: what it is, and what is asked for it. Each length of a video is a line of its own."""
    pieces: list[tuple[Format, Length | None]] = [
        (Format.ARTICLE, None),
        *((Format.VIDEO, length) for length in Length),
        (Format.LIVE, None),
    ]
    return [
        (say(FORMATS[format]), text) for format, length in pieces if (text := listed(mine, format, length))
    ]

"""A price list in the reader's language."""

from market.accounts.vocabulary import FORMATS, Format, Length, Piece, size_name
from market.creators.queries import Offering
from market.kit.pages import format_fen, whole_yuan
from market.kit.words import _, say


def listed(mine: Offering, format: Format, length: Length | None = None, minutes: int | None = None) -> str:
    """What is asked for such a piece, and for what length; "" when it is not offered."""
    piece = Piece(format, length, minutes)
    fen = mine.price(*piece)
    if fen is None:
        return ""
    if size := size_name(piece):
        return _("%(fen)s（%(length)s）", fen=format_fen(fen), length=size)
    if format is Format.VIDEO and len(set(mine.video_prices.values())) > 1:
        return _("%(fen)s 起", fen=format_fen(fen))
    return asked(fen, piece)


def asked(fen: int | None, piece: Piece) -> str:
    """A listed price of such a piece; what is that of an hour says so: ¥800/小时. None → —."""
    if fen is not None and piece.is_hour:
        return _("%(fen)s/小时", fen=whole_yuan(fen))
    return format_fen(fen)


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

"""K9: what each bidder who was not chosen is told: one fact in which the chosen one was ahead, and the place.

Taken down at the decision, so that it stays true. Of two bids nothing is told that would be the other's figure.
"""

from collections.abc import Sequence
from datetime import date
from math import ceil
from statistics import median
from typing import Any

from market.bids.models import Bid
from market.kit.words import _

ENOUGH = 3
"""From so many bids on the distance to the middle one is told."""


def facts(mine: Bid, chosen: Bid, every: Sequence[Bid]) -> dict[str, Any]:
    """`reason` price, date or plan; `place` of `of`, by price (the lowest first) or by date (the earliest first); and how
    far from the middle: `percent` above, `days` later."""
    n = len(every)
    by_price = 1 + sum(each.price_fen < mine.price_fen for each in every)
    if mine.price_fen > chosen.price_fen:
        told: dict[str, Any] = {"reason": "price", "place": by_price, "of": n}
        above = mine.price_fen / median(each.price_fen for each in every) - 1
        return told | ({"percent": ceil(above * 100)} if n >= ENOUGH and above > 0 else {})
    if mine.delivery_on > chosen.delivery_on:
        place = 1 + sum(each.delivery_on < mine.delivery_on for each in every)
        middle = date.fromordinal(int(median(each.delivery_on.toordinal() for each in every)))
        later = (mine.delivery_on - middle).days
        told = {"reason": "date", "place": place, "of": n}
        return told | ({"days": later} if n >= ENOUGH and later > 0 else {})
    return {"reason": "plan", "place": by_price, "of": n}


def said(bid: Bid) -> str:
    """The facts as a sentence; empty while there are none."""
    told = bid.answer
    if not told:
        return ""
    if told["reason"] == "plan":
        return _(
            "报价和交稿日都不比选定的差（报价在 %(of)s 份里从低到高排第 %(place)s），商家选了另一份方案。",
            of=told["of"],
            place=told["place"],
        )
    where = {"of": told["of"], "place": told["place"]}
    if told["reason"] == "price":
        if "percent" in told:
            return _(
                "报价在 %(of)s 份里从低到高排第 %(place)s，比中间的一份高 %(percent)s%%；选定的更低。",
                percent=told["percent"],
                **where,
            )
        return _("报价在 %(of)s 份里从低到高排第 %(place)s，选定的更低。", **where)
    if "days" in told:
        return _(
            "交稿日在 %(of)s 份里从早到晚排第 %(place)s，比中间的一份晚 %(days)s 天；选定的更早。",
            days=told["days"],
            **where,
        )
    return _("交稿日在 %(of)s 份里从早到晚排第 %(place)s，选定的更早。", **where)

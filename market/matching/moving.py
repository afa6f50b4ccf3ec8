"""A place that is not the score's, in words."""

from dataclasses import dataclass

from market.kit.figures import figures
from market.kit.words import N_, _, say
from market.matching.turns import FIRST, Place, Turn

LABELS = {
    Turn.WAITS: N_("让出位置"),
    Turn.NEW: N_("新面孔"),
    Turn.UNSEEN: N_("轮到露面"),
}


@dataclass(frozen=True)
class Moved:
    """`rank`: the place by score alone; 1 is the first. `text`: why it is another, in the reader's language."""

    code: Turn
    rank: int
    text: str

    @property
    def label(self) -> str:
        return say(LABELS[self.code])


def moved(place: Place, rivals: int, free: int) -> Moved | None:
    """None where the score alone decided. `rivals` merchants have this creator among the first already, who has at
    most `free` slots left in one week."""
    if place.turn is None:
        return None
    text = {
        Turn.WAITS: _(
            "近 %(days)s 天已有另外 %(n)s 家商家把这位创作者排在前 %(first)s 或等着答复，一周最多还能接 %(free)s 单，这次往后让一让；只看得分排第 %(rank)s。",
            days=figures.turns_days, n=rivals, first=FIRST, free=free, rank=place.rank,
        ),
        Turn.NEW: _("新来的创作者，还没有作品记录，每页留一个位置；只看得分排第 %(rank)s。", rank=place.rank),
        Turn.UNSEEN: _(
            "近 %(days)s 天没有在这个类目的其他名单里出现过，每页留一个位置；只看得分排第 %(rank)s。",
            days=figures.turns_days, rank=place.rank,
        ),
    }[place.turn]  # fmt: skip
    return Moved(place.turn, place.rank, text)

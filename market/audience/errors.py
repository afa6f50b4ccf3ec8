"""Why a batch of views is not taken."""

from market.kit.errors import Invalid, Unavailable
from market.kit.words import N_


class NotCountable(Invalid):
    """A token that is not ours, was changed, or is too old."""

    text = N_("这些浏览记录无法识别，没有计入。")


class CountingAway(Unavailable):
    text = N_("浏览计数暂时不可用，这一批没有计入。")

from market.kit.errors import Conflict
from market.kit.words import N_


class TooLateToRemind(Conflict):
    """Reminders go out some minutes before the start; after that there is nothing to remind of."""

    text = N_("直播马上开始或已经开始，不用再设提醒了。")

from market.kit.errors import Conflict
from market.kit.words import N_


class AlreadyActive(Conflict):
    """This version is the one in use."""

    title = N_("已在使用")
    text = N_("这个版本已经在使用了。")

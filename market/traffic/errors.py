from market.kit.errors import Conflict
from market.kit.words import N_


class AlreadyRuled(Conflict):
    """It was appealed, ruled on or has lapsed before; what was ruled stands."""

    title = N_("已有结果")
    text = N_("这一项已经申诉过或有了结果，不能再次处理。")


class NotAppealed(Conflict):
    """Upholding answers an appeal; there is none yet."""

    title = N_("还没有申诉")
    text = N_("创作者还没有申诉，这时只能撤销，不能裁定维持。")

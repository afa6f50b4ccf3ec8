"""Why a case is not moved."""

from market.kit.errors import Conflict, Invalid
from market.kit.words import N_


class AppealedAlready(Conflict):
    text = N_("这次预警已经申诉过一次，由平台裁定。")


class NothingMended(Invalid):
    text = N_("标题和文案都没有变化，改一处再保存。")

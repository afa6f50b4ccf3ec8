from market.kit.errors import Refusal
from market.kit.words import N_


class SharesExceed(Refusal):
    """The shares of one part of the audience add up to more than the whole."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("占比合计不能超过 100%%，现在是 %(total)s%%。")

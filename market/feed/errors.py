from market.kit.errors import Conflict
from market.kit.words import N_


class FollowsOneself(Conflict):
    text = N_("不能关注自己。")


class NotFollowable(Conflict):
    """Creators, shops and agencies have something to say; viewers and operators do not."""

    text = N_("只能关注创作者、商家和机构。")


class Frozen(Conflict):
    """Work accepted under an order is shown as it was accepted."""

    text = N_("这是验收过的合作内容，文字以验收版本为准，不能再改。")

from market.kit.errors import Conflict, Refusal
from market.kit.words import N_


class NotDraft(Conflict):
    """Once open, a brief is what creators bid on; it is not changed under their feet."""

    title = N_("需求已发布")
    text = N_("需求发布后不能再修改。没有人投稿时，可以先撤回为草稿。")


class HasBids(Conflict):
    text = N_("已经有 %(n)s 人投稿，不能撤回为草稿。")


class ForeignProduct(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("只能选择自己店铺里的商品。")

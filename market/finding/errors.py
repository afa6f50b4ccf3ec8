from market.kit.errors import Conflict, Refusal
from market.kit.words import N_


class NameInUse(Conflict):
    """Two saved searches of one shop do not share a name."""

    title = N_("名称已使用")
    text = N_("已经有一个叫“%(name)s”的搜索，请换一个名称。")


class TooMany(Conflict):
    """A shop keeps so many searches at most."""

    title = N_("保存的搜索太多")
    text = N_("最多保存 %(most)s 个搜索，请先删除不用的。")


class NothingAsked(Refusal):
    """A search without words or filters is the whole square."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("请先输入关键词或选择筛选条件，再保存搜索。")

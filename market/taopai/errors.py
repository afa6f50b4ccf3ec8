"""Refusals of the editor."""

from market.kit.errors import Conflict, Invalid, NotFound
from market.kit.words import N_


class DraftNotFound(NotFound):
    pass


class TooManyDrafts(Conflict):
    text = N_("草稿太多（上限 %(limit)s 个），请先删除一些。")


class CannotBeMade(Invalid):
    """The list is sound, but does not make a film yet."""

    title = N_("还不能生成成片")
    text = N_("请先改好标出的地方，再生成成片。")

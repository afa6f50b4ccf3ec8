"""Why a collection is not changed."""

from market.kit.errors import Conflict, Invalid
from market.kit.words import N_


class ForeignFilm(Invalid):
    text = N_("只能放入本店商品的、已上架的视频。")


class TooManyFilms(Invalid):
    text = N_("一个合集最多 %(most)s 条视频。")


class TooManyCollections(Conflict):
    text = N_("最多 %(most)s 个合集，请先删除不用的。")


class FillsItself(Conflict):
    text = N_("自动合集由系统更新，可以置顶或排除，不能改名、排序或删除。")

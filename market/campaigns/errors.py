from market.kit.errors import Conflict, Invalid
from market.kit.words import N_


class SlugTaken(Conflict):
    text = N_("这个地址已经用在另一个会场上。")


class TooManyModules(Conflict):
    text = N_("一个会场最多 %(most)s 个模块。")


class MerchantFills(Conflict):
    text = N_("这是商家的模块，标题和内容由商家决定。")


class NotTakingPart(Conflict):
    """Only merchants of the season have a place in its venue."""

    text = N_("先为这个活动发布需求，才能在会场放视频模块。")


class VenueOver(Conflict):
    text = N_("这个会场已经结束。")


class ForeignFilm(Invalid):
    text = N_("只能放入本店商品的、已上架的视频。")


class ThemeMissing(Invalid):
    text = N_("请选择按哪个标签或类目来放。")


class NothingToShow(Conflict):
    """A venue without modules is not worth a visit."""

    text = N_("会场里还没有模块，先添加一个再发布。")


class ScheduleReversed(Invalid):
    text = N_("结束时间要晚于开放时间。")

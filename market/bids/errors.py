from market.kit.errors import Conflict, Forbidden, Refusal
from market.kit.words import N_


class BriefClosed(Conflict):
    """The brief takes no bids: not open, or its closing date is over."""

    title = N_("需求已停止征集")
    text = N_("这个需求已经停止接受投稿。")


class BudgetExceeded(Conflict):
    """The bid is above what the merchant set aside."""

    title = N_("报价高于预算")
    text = N_("报价不能高于预算 ¥%(budget)s。")


class AlreadyBid(Conflict):
    """One live bid per creator and brief."""

    title = N_("已经投过稿")
    text = N_("这位创作者已投过这个需求；可以修改或撤回原来的投稿。")


class LateDelivery(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("交付日期须在今天到 %(last)s 之间。")


class NotOnRoster(Refusal):
    """An agency bids only for members whose share is accepted."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("只能代已接受分成的签约创作者投稿。")


class OwnBrief(Conflict):
    text = N_("不能投自己店铺发布的需求。")


class CreatorNotVerified(Forbidden):
    text = N_("这位创作者尚未通过资质审核，暂时不能投稿。")


class TooManyBids(Conflict):
    title = N_("投稿已达上限")
    text = N_("同时有效的投稿最多 %(most)s 份，请先撤回一些。")


class BidDecided(Conflict):
    text = N_("这份投稿已经有结果，不能再修改。")


class StillSealed(Conflict):
    """K6: nobody sees, and nobody awards, sealed bids before the brief stops taking them."""

    title = N_("投稿尚未开封")
    text = N_("这是密封投标的需求：截止后才能查看和选定投稿，也可以先提前截止。")


class AlreadyInvited(Conflict):
    text = N_("已经邀请过这位创作者。")


class NotCreator(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("没有找到这位已认证的创作者。")


class TooManyInvitations(Conflict):
    title = N_("邀请已达上限")
    text = N_("这个需求等待回应的邀请已达 %(most)s 份，请先等对方回应。")


class TooManyStrangers(Conflict):
    """K8: an anti-spam tier for creators one never worked with."""

    title = N_("邀请已达上限")
    text = N_("24 小时内最多给没有合作过的创作者发 %(most)s 份邀请，%(at)s 起可以再发。")


class InvitationOver(Conflict):
    text = N_("这份邀请已经回应过或已过期。")


class ShortlistFull(Conflict):
    """K10: a list nobody can read is no shortlist."""

    text = N_("候选名单最多 %(most)s 位，请先移出不再考虑的。")

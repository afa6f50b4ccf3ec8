"""Why a film is not changed."""

from market.kit.errors import Conflict
from market.kit.words import N_


class ShowsNoProduct(Conflict):
    """A label is for a film that can stand at a product's head."""

    text = N_("这条视频没有关联商品，不会出现在商品主图，不能加标签。")


class NotAtTheHead(Conflict):
    """Nor has a label what by its kind never stands there."""

    text = N_("用户视频不会出现在商品主图，不能加标签。")


class AuthorDidNotAgree(Conflict):
    """A viewer's film is shown on a product page with its author's consent only."""

    text = N_("作者没有同意在商品页展示这条视频。")

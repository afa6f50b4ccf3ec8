"""Why a film is not changed."""

from market.kit.errors import Conflict
from market.kit.words import N_


class ShowsNoProduct(Conflict):
    """A label is for a film that can stand at a product's head."""

    text = N_("这条视频没有关联商品，不会出现在商品主图，不能加标签。")

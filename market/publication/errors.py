from market.kit.errors import Refusal
from market.kit.words import N_


class ForeignPicture(Refusal):
    """The picture is not there, not ready, or belongs to somebody else."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("有图片不存在、没有通过检查，或不是您上传的。")


class NoSuchProduct(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("有商品不存在或已下架。")

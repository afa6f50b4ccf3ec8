from market.kit.errors import Conflict, Refusal
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


class NoSuchFilm(Refusal):
    """The film is not there, not ready, or belongs to somebody else."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("这个视频不存在、还没有处理完，或不是您上传的。")


class ForeignProduct(Refusal):
    """A merchant's own film is about his own products."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("商品视频只能介绍自己店铺的商品。")


class TooManyProducts(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("最多 %(most)s 件商品。")


class WrongLength(Refusal):
    """The kind of film has limits, see video.kinds."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("这个视频长 %(length)s 秒，请选 %(least)s 到 %(most)s 秒的，或先剪短。")


class PaidWork(Conflict):
    """Paid work goes to the shelf by its order, with its mark and its rights, and by nothing else."""

    text = N_("这个视频是订单的交付，验收后按订单发布，不能另外发布。")


class PublishedBefore(Conflict):
    """A file is published once; taken down, it does not come back."""

    text = N_("这个视频已经发布过。要再发布，请上传新的文件。")

"""Refusals of the upload protocol and of stored files."""

from market.kit.errors import Conflict, Forbidden, NotFound, Refusal, TooMany, Unavailable
from market.kit.words import N_


class MayNotUpload(Forbidden):
    text = N_("当前身份不能上传文件，请切换到商家、创作者或机构身份。")


class BadUpload(Refusal):
    """The request does not follow the tus protocol."""

    title = N_("上传请求有误")
    text = N_("上传请求有误：%(why)s")


class WrongTusVersion(Refusal):
    status = 412
    title = N_("不支持的上传协议版本")
    text = N_("请使用 tus 1.0.0：带上 Tus-Resumable: 1.0.0。")
    headers = {"Tus-Version": "1.0.0"}


class WrongBodyType(Refusal):
    status = 415
    title = N_("内容类型不对")
    text = N_("上传内容的 Content-Type 必须是 application/offset+octet-stream。")


class FileTooLarge(Refusal):
    status = 413
    title = N_("文件太大")
    text = N_("文件太大，上限是 %(limit)s MB。")


class EmptyFile(Refusal):
    status = 422
    title = N_("文件是空的")
    text = N_("文件是空的（0 字节），请重新选择文件。")


class QuotaUsedUp(Conflict):
    title = N_("空间不足")
    text = N_("您的存储空间不足：已用 %(used)s MB，上限 %(limit)s MB。")


class TooManyUploads(TooMany):
    text = N_("同时进行的上传太多（上限 %(limit)s 个），请先完成或取消一些。")


class OffsetMismatch(Conflict):
    title = N_("上传位置不一致")
    text = N_("服务器已收到 %(offset)s 字节，请从这里继续上传。")


class UploadBusy(Refusal):
    """Another request is writing to the same upload at this moment."""

    status = 423
    title = N_("正在上传")
    text = N_("这个文件正在另一个窗口上传，请稍后再试。")
    headers = {"Retry-After": "2"}


class ChecksumMismatch(Refusal):
    status = 460
    title = N_("校验和不符")
    text = N_("这一段内容在传输中损坏，请重新发送。")


class UploadGone(Refusal):
    status = 410
    title = N_("上传已过期")
    text = N_("这次上传已过期，请重新开始。")


class UploadOver(Conflict):
    """It is complete: nothing more can be written, and it cannot be taken back this way."""

    text = N_("这个文件已经上传完成。")


class StorageFull(Refusal):
    status = 507
    title = N_("服务器空间不足")
    text = N_("服务器存储空间不足，暂时不能上传，请稍后再试。")
    headers = {"Retry-After": "60"}


class StorageAway(Unavailable):
    """The place where files lie does not answer; asked again in a moment it may."""

    text = N_("文件存储暂时连接不上，请稍后再试。")


class AssetNotUsable(Conflict):
    """Not there for the asker, of another kind, or refused by the checks."""

    text = N_("这个文件不能使用：请选择自己上传、并且没有被退回的文件。")


class AssetInUse(Conflict):
    """Something still points at it: remove it there first. What was delivered to an order stays."""

    title = N_("文件正在使用")
    text = N_("这个文件还在使用，不能删除：%(where)s。")


class AssetNotFound(NotFound):
    pass

from market.kit.errors import Conflict, Forbidden, NotFound, Refusal
from market.kit.words import N_


class NotYourTurn(Conflict):
    """The order is not at a point where something can be handed in."""

    title = N_("现在不能提交")
    text = N_("订单当前不在等待提交的阶段，请刷新后再看。")


class NotUnderReview(Conflict):
    """Accepted, sent back, or replaced meanwhile."""

    title = N_("已有结果")
    text = N_("这个版本已有验收结果，请刷新后再看。")


class RevisionsUsedUp(Conflict):
    """The agreed rounds are over."""

    title = N_("修改次数已用完")
    text = N_("约定的 %(n)s 轮修改已用完。您可以验收放款，或在消息里与创作者另行商定；到期未处理将自动验收。")


class NothingSaid(Refusal):
    """A revision without a word about what is wrong."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("请至少写一条修改意见，创作者才知道改什么。")


class MomentBeyondEnd(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("标注的时间超出了视频长度（%(length)s）。")


class NoMoment(Refusal):
    """Only films have moments."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("只有视频可以按时间标注。")


class AssetNotReady(Conflict):
    """Uploaded, but still being transcoded, or refused."""

    title = N_("文件还不能提交")
    text = N_("文件还在处理或没有通过检查，处理完成（“可用”）后才能提交。")


class ForeignAsset(NotFound):
    text = N_("没有找到这个文件，请选择您自己上传的文件。")


class WrongAsset(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("文件类型不对：这里需要%(kind)s。")


class ForeignProduct(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("只能选择需求里列出的商品。")


class StartsInThePast(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("开播时间必须在现在之后。")


class PublishInThePast(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("发布时间必须在现在之后；留空则验收后立即发布。")


class PublishAfterDeadline(Refusal):
    """The deadline both agreed on bounds how long the last part may wait."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("发布时间不能晚于约定的截止时间（%(latest)s）。")


class NothingToSchedule(Refusal):
    """A script is not published, and a live show has an hour of its own."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("只有图文和短视频的成稿可以选定发布时间。")


class NotWaitingForHour(Conflict):
    """Published meanwhile, or never given an hour."""

    title = N_("不能再改时间")
    text = N_("作品没有在等待发布，或已经上架，请刷新后再看。")


class WrongKind(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("这个阶段需要提交的是%(kind)s。")


class ExtendedAlready(Conflict):
    text = N_("验收期只能延长一次。")


class MayNotReview(Forbidden):
    text = N_("只有下单商家的验收成员可以验收或要求修改。")


class MayNotDeliver(Forbidden):
    text = N_("只有接单的创作者可以提交。")

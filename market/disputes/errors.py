from market.kit.errors import Conflict, Forbidden, Refusal
from market.kit.words import N_


class CaseOver(Conflict):
    title = N_("已有结果")
    text = N_("这个争议已有结果，请刷新后再看。")


class NotNow(Conflict):
    """Not in this step of the case."""

    text = N_("争议现在的阶段不能这样做，请刷新后再看。")


class OwnOffer(Conflict):
    text = N_("不能同意自己提出的方案，请等对方答复。")


class OfferMissing(Conflict):
    """Replaced by a later one, or none of this case."""

    text = N_("这个方案已被新的方案代替，请刷新后再看。")


class SplitBeyond(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("给创作者的金额必须在 0 和 %(most)s 之间。")


class EvidenceMissing(Refusal):
    """No file of the speaker's own by this id."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("有一个文件不在您上传的文件里，请重新选择。")


class EvidenceArriving(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("“%(name)s”还没有传完，请等它传完再提交。")


class EvidenceRefused(Refusal):
    """The file did not pass the checks of uploads; the reason is in the words."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("“%(name)s”不能用：%(why)s")


class EvidenceFull(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("一个争议里每一方最多 %(most)s 个文件。")


class SameOperator(Forbidden):
    """An appeal is heard by somebody else."""

    title = N_("需要另一位运营同事")
    text = N_("第一次裁决是您作的，申诉要由另一位运营同事裁决。")


class AppealedAlready(Conflict):
    text = N_("每个争议只能申诉一次。")


class DecidedBefore(Conflict):
    """A stage is decided once; the appeal was the second look."""

    text = N_("这个阶段的争议已有最后结果，不能再次提出。")

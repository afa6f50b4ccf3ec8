"""Refusals of the editor."""

from market.kit.errors import Conflict, Invalid, NotFound
from market.kit.words import N_


class DraftNotFound(NotFound):
    pass


class TooManyDrafts(Conflict):
    text = N_("草稿太多（上限 %(limit)s 个），请先删除一些。")


class CannotBeMade(Invalid):
    """The list is sound, but does not make a film yet."""

    title = N_("还不能生成成片")
    text = N_("请先改好标出的地方，再生成成片。")


class ShootNotFound(NotFound):
    pass


class TemplateNotFound(NotFound):
    pass


class TooManyShoots(Conflict):
    text = N_("还没有完成的拍摄太多（上限 %(limit)s 个），请先删除一些。")


class NoSuchShot(Invalid):
    text = N_("这次拍摄没有第 %(number)s 个镜头。")


class ShotsMissing(Conflict):
    text = N_("还有必拍的镜头没有拍：%(shots)s。")


class ShotsNotReady(Conflict):
    """The shots are here, but not all are converted yet."""

    text = N_("镜头还在处理，处理完就可以继续。")


class ShotRefused(Conflict):
    text = N_("镜头“%(shot)s”没有通过检查，请重拍这一个。")

from market.kit.errors import Conflict, Forbidden, Refusal
from market.kit.words import N_


class EmailTaken(Conflict):
    """Somebody signed up with this address before."""

    text = N_("这个邮箱已经注册过，请直接登录。")


class WrongPassword(Refusal):
    """No such person, wrong password, or suspended: one answer for all."""

    status = 422
    title = N_("登录失败")
    text = N_("邮箱或密码不对。")


class WeakPassword(Refusal):
    status = 422
    title = N_("填写的内容有误")
    text = N_("密码至少 10 个字符，且不能是常见密码或与邮箱相同。")


class HatTaken(Conflict):
    """A person holds each role once."""

    text = N_("您已经有这个身份了。")


class NotVerified(Forbidden):
    """The party must be verified by an operator first."""

    text = N_("通过平台资质审核后才能这样做。请先提交资质。")


class KeyMissing(Refusal):
    title = N_("缺少 Idempotency-Key")
    text = N_("涉及资金的请求必须带 Idempotency-Key 头（1–255 个字符）。")


class KeyUsedForOther(Refusal):
    """The same Idempotency-Key came with another request."""

    status = 422
    title = N_("Idempotency-Key 已用于其他请求")
    text = N_("这个 Idempotency-Key 已用于另一个不同的请求，请换一个。")


class StillRunning(Conflict):
    title = N_("请求正在处理")
    text = N_("同一个请求正在处理中，请稍后再试。")

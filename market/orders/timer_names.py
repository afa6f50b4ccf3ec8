"""What timers do, in the operators' words: plain names, whoever runs them."""

from market.kit.words import N_

HANDLERS = {
    "approvals.expire": N_("审批申请过期"),
    "orders.lapse": N_("未托管的订单失效"),
    "payments.pay_out": N_("自动提现"),
    "payments.take_back": N_("银行退回的提现收回"),
    "payments.mature": N_("冷静期结束，款项可提现"),
    "delivery.auto_accept": N_("自动验收"),
    "delivery.remind": N_("验收提醒"),
    "bids.expire_invitation": N_("邀请过期"),
    "live.remind": N_("开播提醒"),
    "tasks.close_bids": N_("投稿截止"),
    "publication.expire": N_("使用权到期下架"),
    "publication.put_on_shelf": N_("到约定时间上架"),
    "orders.remind_funding": N_("托管提醒"),
    "orders.exit_due": N_("提前结束的申请到期"),
    "orders.exit_remind": N_("提前结束的提醒"),
    "orders.change_due": N_("变更的期限"),
    "disputes.due": N_("争议的期限"),
    "disputes.remind": N_("争议提醒"),
    "standings.due": N_("视频预警到期"),
}
"""What the best known timers do, in the operators' words; others are shown by their name."""

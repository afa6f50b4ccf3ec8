"""Payees' accounts at Stripe: made once, filled in on Stripe's pages, followed by events."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.queries import find_party
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.kit.figures import figures
from market.kit.pages import format_when
from market.kit.words import N_, say
from market.payments import calls
from market.payments.config import read
from market.payments.errors import AccountRestricted, NotOnboarded, PayoutHeld, StripeRefused
from market.payments.models import ConnectAccount, Withdrawal
from market.payments.params import account_params
from market.payments.states import CallState
from market.payments.views import AccountView, Json, account_view

PAST_DUE, PENDING = "requirements.past_due", "requirements.pending_verification"
RESTRICTIONS = {
    PAST_DUE: N_("有资料需要补充"),
    PENDING: N_("Stripe 正在核验资料"),
    "under_review": N_("Stripe 正在审查账户"),
    "rejected.fraud": N_("账户因风险被拒绝"),
    "rejected.incomplete_verification": N_("资料核验未通过"),
    "rejected.listed": N_("账户被列入限制名单"),
    "rejected.terms_of_service": N_("账户违反了 Stripe 的服务条款"),
    "rejected.other": N_("账户被 Stripe 拒绝"),
    "platform_paused": N_("平台暂停了这个账户"),
    "listed": N_("账户可能在限制名单上，正在审查"),
    "action_required.requested_capabilities": N_("需要开通转账权限"),
}
REQUIREMENTS = {
    "external_account": N_("收款银行账户"),
    "tos_acceptance": N_("同意 Stripe 服务条款"),
    "business_type": N_("主体类型（个人或企业）"),
    "business_profile": N_("经营信息（网站、行业）"),
    "individual.id_number": N_("身份证件号码"),
    "individual.verification": N_("身份证件照片"),
    "individual.dob": N_("出生日期"),
    "individual.address": N_("居住地址"),
    "individual.phone": N_("手机号码"),
    "individual.email": N_("邮箱"),
    "individual.first_name": N_("姓名"),
    "individual.last_name": N_("姓名"),
    "individual": N_("个人资料"),
    "company.tax_id": N_("统一社会信用代码"),
    "company.verification": N_("营业执照"),
    "company.address": N_("企业地址"),
    "company": N_("企业资料"),
    "representative": N_("法定代表人资料"),
    "owners": N_("受益所有人资料"),
    "directors": N_("董事资料"),
    "person_": N_("负责人资料"),
}
"""Stripe's codes by their beginning; the longest that fits speaks."""
OTHER_REQUIREMENT = N_("其他资料（%(code)s）")


def of(party_id: UUID, *, lock: bool = False) -> ConnectAccount | None:
    """The payee's account, freshly read."""
    rows = select(ConnectAccount).where(ConnectAccount.party_id == party_id)
    return db.session.scalar(
        (rows.with_for_update() if lock else rows).execution_options(populate_existing=True)
    )


def of_stripe(stripe_id: str) -> UUID | None:
    """Whose account at Stripe this is; None when it is no payee's of ours."""
    return db.session.scalar(select(ConnectAccount.party_id).where(ConnectAccount.stripe_id == stripe_id))


WALK_PAUSE, IDLE_PAUSE = timedelta(minutes=5), timedelta(hours=6)
BANKS_MAY_RETURN = timedelta(days=14)
"""How long after it was paid a payout may still come back."""


def due_for_a_walk(most: int) -> list[str]:
    """Accounts whose events at Stripe should be walked, those that waited longest first: often while money is under
    way to the bank or may come back, and while something is missing for being paid; else a few times a day."""
    under_way = select(Withdrawal.party_id).where(
        or_(Withdrawal.ended_at.is_(None), Withdrawal.ended_at > now() - BANKS_MAY_RETURN)
    )
    often = or_(
        ConnectAccount.party_id.in_(under_way),
        ConnectAccount.payouts_enabled.is_(False),
        ConnectAccount.transfers_enabled.is_(False),
    )
    due = or_(
        ConnectAccount.walked_at.is_(None),
        ConnectAccount.walked_at < now() - IDLE_PAUSE,
        and_(often, ConnectAccount.walked_at < now() - WALK_PAUSE),
    )
    rows = select(ConnectAccount.stripe_id).where(ConnectAccount.stripe_id.is_not(None), due)
    found = db.session.scalars(rows.order_by(ConnectAccount.walked_at.nulls_first()).limit(most))
    return [str(stripe_id) for stripe_id in found]


def walked(stripe_id: str) -> None:
    """Its events were looked through just now, or cannot be."""
    db.session.execute(
        update(ConnectAccount).where(ConnectAccount.stripe_id == stripe_id).values(walked_at=now())
    )


def begin(party_id: UUID, *, by: Actor) -> tuple[ConnectAccount, UUID | None]:
    """The payee's account, and the call to send after the commit when Stripe does not know it yet."""
    db.session.execute(
        insert(ConnectAccount)
        .values(
            party_id=party_id,
            details_submitted=False,
            payouts_enabled=False,
            requirements=[],
            disabled_reason="",
            bank="",
        )
        .on_conflict_do_nothing(index_elements=["party_id"])
    )
    account = of(party_id, lock=True)
    assert account is not None
    if account.stripe_id:
        return account, None
    last = calls.last_of("account", account.id)
    params = account_params(party_id=party_id, country=read().country)
    refused_before = last is not None and last.state is CallState.REFUSED
    return account, calls.put("account", account.id, params, again=refused_before)


def made(account_id: UUID, body: Json) -> None:
    account = db.session.get(ConnectAccount, account_id, with_for_update=True, populate_existing=True)
    assert account is not None
    account.stripe_id = account.stripe_id or body["id"]
    _describe(account, account_view(body))


def refused(account_id: UUID, refusal: StripeRefused) -> None:
    """Nothing was made; the payee sees it and may try again (`begin` then takes a new key)."""


def apply(view: AccountView) -> None:
    """Bring our picture to what Stripe says."""
    account = db.session.scalars(
        select(ConnectAccount)
        .where(ConnectAccount.stripe_id == view.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if account is not None:
        _describe(account, view)


def income_page(party_id: UUID) -> str:
    """Where this payee reads about money: the address says whose hat it is."""
    return "/a/income" if find_party(party_id).role is Role.AGENCY else "/u/income"


def require_payable(account: ConnectAccount | None) -> ConnectAccount:
    """Raises NotOnboarded, AccountRestricted, PayoutHeld: said before the click as after it."""
    if account is None or account.stripe_id is None or not (account.details_submitted or is_payable(account)):
        raise NotOnboarded
    if not is_payable(account):
        raise AccountRestricted(why=why_restricted(account))
    if account.held_until is not None and account.held_until > now():
        raise PayoutHeld(until=format_when(account.held_until))
    return account


def is_waiting(account: ConnectAccount) -> bool:
    """Stripe looks at what it was given: there is nothing for the payee to do."""
    return not account.requirements and account.disabled_reason in ("", PENDING, "under_review", "listed")


def is_refused(account: ConnectAccount) -> bool:
    """Stripe, or the platform, wants no more of this account: only support can help."""
    return account.disabled_reason.startswith("rejected.") or account.disabled_reason == "platform_paused"


def is_payable(account: ConnectAccount) -> bool:
    return account.payouts_enabled and account.transfers_enabled


def why_restricted(account: ConnectAccount) -> str:
    """In words; an unknown reason is Stripe's own, which support can look up."""
    reason = account.disabled_reason or (PAST_DUE if account.requirements else PENDING)
    text = RESTRICTIONS.get(reason)
    return say(text) if text else reason


@dataclass(frozen=True)
class Requirement:
    """One thing Stripe wants to know."""

    code: str
    text: str


def requirements(account: ConnectAccount) -> list[Requirement]:
    """What is missing, in words; things asked for in several codes once."""
    found: dict[str, Requirement] = {}
    for code in account.requirements:
        known = max((name for name in REQUIREMENTS if code.startswith(name)), key=len, default="")
        text = say(REQUIREMENTS[known]) if known else say(OTHER_REQUIREMENT, code=code)
        found.setdefault(text, Requirement(code, text))
    return list(found.values())


def _watch_bank(account: ConnectAccount, view: AccountView) -> None:
    """Another bank account than before: whoever did it, the owner hears of it before money can go there."""
    if account.bank_id and view.bank_id and view.bank_id != account.bank_id:
        account.held_until = now() + timedelta(hours=figures.bank_change_hold_h)
        record(
            "connect.bank_changed",
            account.party_id,
            by=SYSTEM,
            audience=[account.party_id],
            bank=view.bank,
            until=account.held_until.isoformat(),
            hours=figures.bank_change_hold_h,
            url=income_page(account.party_id),
        )
    account.bank_id = view.bank_id or account.bank_id


def _describe(account: ConnectAccount, view: AccountView) -> None:
    was = account.payouts_enabled
    _watch_bank(account, view)
    account.transfers_enabled, account.requirements_due_at = view.transfers_enabled, view.requirements_due_at
    account.details_submitted, account.payouts_enabled = view.details_submitted, view.payouts_enabled
    account.requirements, account.disabled_reason = list(view.requirements), view.disabled_reason
    account.bank, account.looked_at = view.bank, now()
    if was != view.payouts_enabled:
        name = "connect.enabled" if view.payouts_enabled else "connect.disabled"
        record(
            name,
            account.party_id,
            by=SYSTEM,
            audience=[account.party_id],
            reason=view.disabled_reason,
            url=income_page(account.party_id),
        )

"""Balance, BalanceTransaction and the payout settings of an account (`/v1/balance_settings`)."""

from copy import deepcopy

from stripe_local import balance
from stripe_local.errors import Json
from stripe_local.objects import accounts
from stripe_local.objects.standing import tell
from stripe_local.router import answers
from stripe_local.world import World


@answers("get", "/v1/balance")
def retrieve(w: World, p: Json) -> Json:
    return balance.view(w)


@answers("get", "/v1/balance_transactions")
def list_transactions(w: World, p: Json) -> Json:
    return w.page("balance_transaction", "/v1/balance_transactions", p, ("currency", "source", "type"))


@answers("get", "/v1/balance_transactions/{id}")
def retrieve_transaction(w: World, p: Json, id: str) -> Json:
    return w.get("balance_transaction", id)


@answers("get", "/v1/balance_settings")
def retrieve_settings(w: World, p: Json) -> Json:
    account = w.acting_as(w.platform).find("account", w.account)
    return _settings(account)


@answers("post", "/v1/balance_settings")
def update_settings(w: World, p: Json) -> Json:
    home = w.acting_as(w.platform)
    account = home.get("account", w.account)
    before = deepcopy(account)
    given = p.get("payments", {})
    payouts = given.get("payouts", {})
    owing = {k: v for k, v in given.items() if k == "debit_negative_balances"}
    accounts.change_payouts(home, account, {**payouts, **owing})
    return _settings(tell(home, before, account))


def _settings(account: Json | None) -> Json:
    payouts = (
        account["settings"]["payouts"] if account else {"schedule": {"interval": "manual", "delay_days": 2}}
    )
    schedule = payouts["schedule"]
    return {
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": payouts.get("debit_negative_balances", False),
            "payouts": {
                "minimum_balance_by_currency": None,
                "schedule": {"interval": schedule["interval"]},
                "statement_descriptor": None,
                "status": "enabled" if account is None or account["payouts_enabled"] else "disabled",
            },
            "settlement_timing": {"delay_days": schedule["delay_days"]},
        },
    }

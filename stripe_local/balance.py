"""Money in the sandbox: every change of a balance is one balance transaction, and this is the only writer.

`check` holds the invariant after each call: the balances of each account that was touched equal the sum of its
balance transactions.
"""

from collections.abc import Sequence

from stripe_local.errors import Json, StripeError
from stripe_local.events import emit
from stripe_local.settings import Rules
from stripe_local.world import World, absent, timer

_REPORTING = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "payment_failure_refund": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "payout": "payout",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "topup": "topup",
    "adjustment": "other_adjustment",
}


class InvariantBroken(AssertionError):
    """The sandbox lost or made money: a bug of the sandbox."""


def post(
    w: World,
    type: str,
    amount: int,
    currency: str,
    source: str | None,
    *,
    fees: Sequence[Json] = (),
    available_on: int | None = None,
    description: str | None = None,
    exchange_rate: float | None = None,
    reporting_category: str | None = None,
) -> Json:
    """Book `amount` less fees on the acting account, at once or pending until `available_on`."""
    available_on = max(w.now, available_on or w.now)
    pending = available_on > w.now
    fee = sum(int(f["amount"]) for f in fees)
    entry = w.new(
        "balance_transaction",
        "txn_3",
        {
            "amount": amount,
            "available_on": available_on,
            "balance_type": "payments",
            "currency": currency,
            "description": description,
            "exchange_rate": exchange_rate,
            "fee": fee,
            "fee_details": list(fees),
            "livemode": absent(),
            "net": amount - fee,
            "reporting_category": reporting_category or _REPORTING[type],
            "source": source,
            "status": "pending" if pending else "available",
            "type": type,
        },
    )
    w.store.db.execute(
        "INSERT INTO entries (id, account, currency, net, available) VALUES (?, ?, ?, ?, ?)",
        (entry["id"], w.account, currency, entry["net"], not pending),
    )
    _move(w, currency, "pending" if pending else "available", entry["net"])
    if pending:
        w.at(available_on, "funds_available", entry["id"])
    return entry


def _move(w: World, currency: str, column: str, amount: int) -> None:
    w.store.db.execute(
        f"INSERT INTO balances (account, currency, {column}) VALUES (?, ?, ?)"
        f" ON CONFLICT DO UPDATE SET {column} = {column} + excluded.{column}",
        (w.account, currency, amount),
    )
    w.touched.add((w.account, currency))
    if amount > 0:
        w.money_came()


@timer("funds_available")
def _funds_available(w: World, entry_id: str) -> None:
    entry = w.get("balance_transaction", entry_id)
    entry["status"] = "available"
    w.save(entry)
    w.store.db.execute("UPDATE entries SET available = 1 WHERE id = ?", (entry_id,))
    _move(w, entry["currency"], "pending", -entry["net"])
    _move(w, entry["currency"], "available", entry["net"])
    emit(w, "balance.available", view(w))


def available(w: World, currency: str) -> int:
    found = w.store.row(
        "SELECT available FROM balances WHERE account = ? AND currency = ?", w.account, currency
    )
    return int(found[0]) if found else 0


def total(w: World, currency: str) -> int:
    """Available and pending together."""
    found = w.store.row(
        "SELECT available + pending FROM balances WHERE account = ? AND currency = ?", w.account, currency
    )
    return int(found[0]) if found else 0


def require(w: World, amount: int, currency: str) -> None:
    """Refuse what the available balance does not cover."""
    if available(w, currency) < amount:
        raise StripeError(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
            "available balance by creating Charges using the 4000000000000077 test card. "
            "See: https://docs.stripe.com/testing#available-balance",
            code="balance_insufficient",
        )


def view(w: World) -> Json:
    """The Balance object of the acting account."""
    rows = w.store.rows(
        "SELECT currency, available, pending FROM balances WHERE account = ? ORDER BY currency", w.account
    )
    main = [] if rows else [("cny", 0, 0)]

    def column(at: int) -> list[Json]:
        return [{"amount": r[at], "currency": r[0], "source_types": {"card": r[at]}} for r in (*rows, *main)]

    return {"object": "balance", "available": column(1), "livemode": False, "pending": column(2)}


def convert(rules: Rules, amount: int, currency: str, into: str) -> tuple[int, float | None]:
    """The amount in another currency, rounded half up, and the rate; no rate when nothing changes."""
    if currency == into:
        return amount, None
    try:
        rate = round(rules.usd_rates[currency] / rules.usd_rates[into], 6)
    except KeyError as missing:
        raise StripeError(f"Invalid currency: {missing.args[0]}", param="currency") from missing
    return int(amount * rate + 0.5), rate


def check(w: World) -> None:
    """The invariant for the accounts this call touched; cheap, since it starts from the last check."""
    for account, currency in sorted(w.touched):
        upto, total = w.store.row(
            "SELECT upto, total FROM checkpoints WHERE account = ? AND currency = ?", account, currency
        ) or (0, 0)
        last, more = w.store.rows(
            "SELECT COALESCE(MAX(seq), ?), COALESCE(SUM(net), 0) FROM entries"
            " WHERE account = ? AND currency = ? AND seq > ?",
            upto, account, currency, upto,
        )[0]  # fmt: skip
        pending, free = w.store.row(
            "SELECT pending, available FROM balances WHERE account = ? AND currency = ?", account, currency
        ) or (0, 0)
        if pending + free != total + more:
            raise InvariantBroken(
                f"{account} {currency}: balance {pending + free}, transactions {total + more}"
            )
        w.store.db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", (account, currency, last, total + more)
        )
    w.touched.clear()


def full_check(w: World) -> list[Json]:
    """Every account and currency from the first balance transaction on; what differs, or nothing."""
    rows = w.store.rows(
        "SELECT account, currency, SUM(p), SUM(a), SUM(tp), SUM(ta) FROM ("
        " SELECT account, currency, pending AS p, available AS a, 0 AS tp, 0 AS ta FROM balances"
        " UNION ALL SELECT o.account, json_extract(o.body, '$.currency'), 0, 0,"
        "  CASE WHEN json_extract(o.body, '$.status') = 'pending' THEN json_extract(o.body, '$.net') ELSE 0 END,"
        "  CASE WHEN json_extract(o.body, '$.status') = 'pending' THEN 0 ELSE json_extract(o.body, '$.net') END"
        " FROM objects o WHERE o.kind = 'balance_transaction')"
        " GROUP BY account, currency HAVING SUM(p) <> SUM(tp) OR SUM(a) <> SUM(ta)"
    )
    names = ("account", "currency", "pending", "available", "transactions_pending", "transactions_available")
    return [dict(zip(names, row, strict=True)) for row in rows]

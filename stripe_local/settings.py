"""What the environment says, and the rules (fees, pace, settlement) that the control API may change."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DAY = 86_400


class BadSettings(ValueError):
    """The environment asks for something the local Stripe will not do."""


@dataclass(frozen=True)
class Settings:
    """Read once at the start."""

    home: Path
    api_key: str
    port: int = 0
    host: str = "127.0.0.1"
    webhook_url: str = ""
    webhook_secret: str = ""
    connect_webhook_url: str = ""
    connect_webhook_secret: str = ""
    business_name: str = "V-task Market"
    public_url: str = ""
    pace: str = "demo"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        def read(name: str, default: str = "") -> str:
            return environ.get(f"STRIPE_LOCAL_{name}", "") or default

        settings = cls(
            home=Path(read("HOME", "var/stripe")),
            api_key=read("API_KEY", "sk_test_local"),
            port=_port(read("PORT", "0")),
            host=read("HOST", "127.0.0.1"),
            webhook_url=read("WEBHOOK_URL"),
            webhook_secret=read("WEBHOOK_SECRET"),
            connect_webhook_url=read("CONNECT_WEBHOOK_URL", read("WEBHOOK_URL")),
            connect_webhook_secret=read("CONNECT_WEBHOOK_SECRET", read("WEBHOOK_SECRET")),
            business_name=read("BUSINESS_NAME", "V-task Market"),
            public_url=read("PUBLIC_URL").rstrip("/"),
            pace=read("PACE", "demo"),
        )
        settings.refuse_danger()
        _refuse_earnest(environ)
        return settings

    def refuse_danger(self) -> None:
        if not self.api_key.startswith("sk_test_"):
            raise BadSettings(
                "STRIPE_LOCAL_API_KEY must start with sk_test_: the local Stripe takes no other key"
            )
        if self.host not in ("127.0.0.1", "localhost", "::1"):
            raise BadSettings(f"STRIPE_LOCAL_HOST is {self.host}: the local Stripe listens on loopback only")
        if self.pace not in PACES:
            raise BadSettings(f"STRIPE_LOCAL_PACE is {self.pace}: choose one of {', '.join(PACES)}")
        for url, secret in (
            (self.webhook_url, self.webhook_secret),
            (self.connect_webhook_url, self.connect_webhook_secret),
        ):
            if url and not secret.startswith("whsec_"):
                raise BadSettings("a webhook address needs its secret, and the secret must start with whsec_")


def _refuse_earnest(environ: Mapping[str, str]) -> None:
    """The product beside us takes real money: then nothing here may stand in for Stripe."""
    if environ.get("VTASK_ENV") == "production":
        raise BadSettings("VTASK_ENV is production: the local Stripe is for development and tests")
    if environ.get("STRIPE_API_KEY", "").startswith(("sk_live_", "rk_live_")):
        raise BadSettings("STRIPE_API_KEY is a live key: the local Stripe does not start beside it")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise BadSettings(f"STRIPE_LOCAL_PORT is {text}: a number from 0 to 65535 is needed")
    return int(text)


@dataclass(frozen=True)
class Pace:
    """How long the world takes, in seconds."""

    charge_available: int
    payout_in_transit: int
    payout_paid: int
    refund_settled: int


PACES = {"demo": Pace(0, 1, 3, 2), "bank": Pace(2 * DAY, DAY // 2, 2 * DAY, DAY)}
"""`demo`: money is available at once and a payout arrives in seconds. `bank`: days, as at Stripe."""


@dataclass(frozen=True)
class Fee:
    """What Stripe keeps of a payment: basis points of the amount, rounded half up, and a fixed part."""

    bps: int
    fixed: int = 0

    def of(self, amount: int) -> int:
        return min(amount, (amount * self.bps + 5_000) // 10_000 + self.fixed)


@dataclass(frozen=True)
class Rules:
    """What `/_sandbox/config` reads and changes; kept in the database.

    The fees are plausible, not a price list: wallets 0.6 % as merchants in China know it, cards 2.9 % and 2.00.
    With `refund_overdraft` a refund may push the balance below zero, as when Stripe debits the platform's bank;
    without it a refund waits for money. `settle_in` names the platform's bank currency; empty means that every payment settles in its own.
    """

    pace: str = "demo"
    fees: dict[str, Fee] = field(
        default_factory=lambda: {"card": Fee(290, 200), "alipay": Fee(60), "wechat_pay": Fee(60)}
    )
    dispute_fee: int = 10_000
    refund_overdraft: bool = True
    settle_in: str = ""
    usd_rates: dict[str, float] = field(
        default_factory=lambda: {"usd": 1.0, "cny": 0.14, "hkd": 0.128, "eur": 1.08, "gbp": 1.27, "sgd": 0.74}
    )

    @property
    def timing(self) -> Pace:
        return PACES[self.pace]

    def require_sane(self) -> None:
        """Raise ValueError for settings under which money would make no sense."""
        if self.pace not in PACES:
            raise ValueError(f"pace is one of {', '.join(PACES)}")
        if self.settle_in not in ("", *self.usd_rates):
            raise ValueError("settle_in names a currency of usd_rates")
        if not all(type(r) in (int, float) and 0 < r < 1e6 for r in self.usd_rates.values()):
            raise ValueError("usd_rates are numbers above zero")
        numbers = [self.dispute_fee, *(n for fee in self.fees.values() for n in (fee.bps, fee.fixed))]
        if not all(type(n) is int and 0 <= n <= 1_000_000 for n in numbers):
            raise ValueError("fees are whole numbers from zero: {bps, fixed}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Rules":
        known = {k: v for k, v in value.items() if k in cls.__dataclass_fields__}
        if "fees" in known:
            known["fees"] = {name: Fee(**fee) for name, fee in known["fees"].items()}
        return cls(**known)

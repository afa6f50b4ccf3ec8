"""Where Stripe is and with which keys, read from the environment when first needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import environ

STRIPE = "https://api.stripe.com"
STRIPE_FILES = "https://files.stripe.com"


@dataclass(frozen=True)
class StripeConfig:
    """`api_base` other than Stripe's own is the local Stripe: it never gets a live key."""

    api_key: str
    api_base: str
    webhook_secrets: tuple[str, ...]
    country: str

    @property
    def base_addresses(self) -> dict[str, str]:
        """For the SDK, which posts files to another host: a stand-in for Stripe has one address for both."""
        files = STRIPE_FILES if self.api_base == STRIPE else self.api_base
        return {"api": self.api_base, "files": files}

    @property
    def is_live(self) -> bool:
        return self.api_key.startswith(("sk_live_", "rk_live_"))

    def __repr__(self) -> str:
        return f"StripeConfig({self.api_base}, {self.country})"


def read(env: Mapping[str, str] = environ) -> StripeConfig:
    """Raises ValueError when a live key would leave for another address, or production would pay play money."""
    config = StripeConfig(
        api_key=env.get("STRIPE_API_KEY", ""),
        api_base=env.get("STRIPE_API_BASE", "").rstrip("/") or STRIPE,
        webhook_secrets=tuple(filter(None, env.get("STRIPE_WEBHOOK_SECRET", "").split(","))),
        country=env.get("VTASK_CONNECT_COUNTRY", "CN"),
    )
    if (
        config.api_base != STRIPE
        and not config.api_key.startswith(("sk_test_", "rk_test_"))
        and config.api_key
    ):
        raise ValueError("STRIPE_API_BASE is not Stripe's own address: only a test key may be sent there")
    if config.api_base != STRIPE and env.get("VTASK_ENV") == "production":
        raise ValueError("STRIPE_API_BASE is not Stripe's own address: in production it must be unset")
    return config

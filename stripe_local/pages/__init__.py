"""The hosted pages: Checkout, the banks' and wallets' pages, Connect onboarding."""

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    return []

"""The hosted pages: Checkout, the banks' and wallets' pages, Connect onboarding."""

from flask import Blueprint

from stripe_local.pages import checkout, connect, redirects


def blueprints() -> list[Blueprint]:
    return [checkout.bp, redirects.bp, connect.bp]

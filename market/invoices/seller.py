"""Who issues the documents, from the environment; frozen into each of them."""

from collections.abc import Mapping
from os import environ


def seller(env: Mapping[str, str] = environ) -> dict[str, str]:
    return {
        "name": env.get("VTASK_SELLER_NAME", "V-task Market"),
        "tax_number": env.get("VTASK_SELLER_TAX_NUMBER", ""),
        "address": env.get("VTASK_SELLER_ADDRESS", ""),
    }

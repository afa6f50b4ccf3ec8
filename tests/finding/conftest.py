"""Orders of these tests are paid at the local Stripe."""

import workers.subscriptions  # noqa: F401  # all tables in the order the workers know them, before a test names one
from tests.sandbox import sandbox, stripe_server

__all__ = ["sandbox", "stripe_server"]

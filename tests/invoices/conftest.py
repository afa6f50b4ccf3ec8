from tests.sandbox import sandbox, stripe_server

__all__ = ["sandbox", "stripe_server"]

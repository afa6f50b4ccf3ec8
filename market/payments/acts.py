"""What in payments needs two operators; importing it registers them."""

from market.payments import recovering

__all__ = ["recovering"]

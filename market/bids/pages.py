"""HTML: the public brief, the bidder's side, the merchant's side."""

from market.bids import bidder_pages, brief_page, merchant_pages
from market.bids.blueprint import bp

__all__ = ["bidder_pages", "bp", "brief_page", "merchant_pages"]

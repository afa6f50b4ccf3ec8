"""HTML: the public brief, the bidder's side, the agency's overview, the merchant's side."""

from market.bids import agency_page, bidder_pages, brief_page, merchant_pages, shortlist_pages
from market.bids.blueprint import bp

__all__ = ["agency_page", "bidder_pages", "bp", "brief_page", "merchant_pages", "shortlist_pages"]

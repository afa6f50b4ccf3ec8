"""Offers on a brief: bids by creators and for roster members, and the merchant's invitations."""

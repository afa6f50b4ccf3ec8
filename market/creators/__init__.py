"""Providers: what creators, studios, hosts and media offer, to whom they speak, and how the square shows them."""

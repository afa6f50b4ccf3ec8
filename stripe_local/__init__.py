"""A Stripe that runs on this machine: for development, the demo and tests, never for real money.

The product knows it only by `base_addresses={"api": URL}` and a webhook secret, so the code that talks to it is
the code that talks to Stripe. Start it with `python -m stripe_local`; see README.md in this folder.
"""

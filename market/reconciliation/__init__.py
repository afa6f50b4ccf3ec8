"""Our books against Stripe's and against the orders: what differs, since when, and what to do about it."""

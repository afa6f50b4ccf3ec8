"""What the platform adds to a payment, or leaves of its fee, in a season: with a budget that is never exceeded."""

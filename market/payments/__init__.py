"""Money in and out through Stripe: checkouts, payees' accounts, earnings, withdrawals."""

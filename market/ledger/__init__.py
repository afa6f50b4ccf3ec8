"""Double entry: money is always in exactly one place, and only one SQL function moves it."""

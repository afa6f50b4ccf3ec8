"""The merchant's brief: what is wanted, for whom, at what budget, by when."""

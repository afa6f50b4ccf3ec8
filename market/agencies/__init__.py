"""Agencies and their rosters: who represents whom, at what share, and how it began and ends."""

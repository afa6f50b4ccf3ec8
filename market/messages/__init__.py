"""Threads between parties, and notices of what happened."""

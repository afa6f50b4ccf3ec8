"""Seasons and their venue pages."""

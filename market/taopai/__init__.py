"""Taopai: short films made in the browser out of films that were uploaded, by an edit list."""

"""Storefronts and their products."""

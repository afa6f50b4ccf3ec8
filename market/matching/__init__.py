"""Creators for a brief, briefs for a creator, and the numbers behind each rank."""

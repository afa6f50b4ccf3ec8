"""Everybody's home: what to do next, for merchants, creators and operators."""
